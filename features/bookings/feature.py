"""What appointments add to the product."""

from shared.actions.feature import Feature

FEATURE = Feature(
    actions={
        "book": "features.bookings.actions.book:ACTION",
        "cancel_booking": "features.bookings.actions.bookings:CANCEL",
        "get_bookings": "features.bookings.actions.bookings:LIST",
        "get_services": "features.bookings.actions.slots:SERVICES",
        "get_slots": "features.bookings.actions.slots:SLOTS",
        "get_subscriptions": "features.bookings.actions.subscriptions:LIST",
        "hold_slot": "features.bookings.actions.slots:HOLD",
        "move_booking": "features.bookings.actions.bookings:MOVE",
        "open_calendar": "features.bookings.calendars:OPEN",
        "read_days_off": "features.bookings.calendars:READ",
        "release_slot": "features.bookings.actions.slots:RELEASE",
        "set_attendance": "features.bookings.actions.bookings:ATTEND",
        "subscribe_calendar": "features.bookings.actions.subscriptions:SUBSCRIBE",
    },
    planners={"bring_booking": "features.bookings.plan:PLANNER"},
    settings="features.bookings.settings_check:PART",
    scheduled_task="features.bookings.scheduled:run",
    backlog="features.bookings.backlog:OLDEST",
    pages={"bookings": "features.bookings.settings:shows_bookings"},
    hooks={"visit": "features.bookings.self_service:answer"},
    reads={"booking_calendar": "features.bookings.calendars:feed"},
)
