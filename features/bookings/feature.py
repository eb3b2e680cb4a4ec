"""What appointments add to the product."""

from shared.actions.feature import Feature

_SLOTS = "features.bookings.actions.slots"
_BOOKINGS = "features.bookings.actions.bookings"
_CALENDARS = "features.bookings.calendars"
_SUBSCRIPTIONS = "features.bookings.actions.subscriptions"

FEATURE = Feature(
    actions={
        "book": "features.bookings.actions.book:ACTION",
        "cancel_booking": f"{_BOOKINGS}:CANCEL",
        "get_bookings": f"{_BOOKINGS}:LIST",
        "get_services": f"{_SLOTS}:SERVICES",
        "get_slots": f"{_SLOTS}:SLOTS",
        "get_subscriptions": f"{_SUBSCRIPTIONS}:LIST",
        "hold_slot": f"{_SLOTS}:HOLD",
        "move_booking": f"{_BOOKINGS}:MOVE",
        "open_calendar": f"{_CALENDARS}:OPEN",
        "read_days_off": f"{_CALENDARS}:READ",
        "release_slot": f"{_SLOTS}:RELEASE",
        "set_attendance": f"{_BOOKINGS}:ATTEND",
        "subscribe_calendar": f"{_SUBSCRIPTIONS}:SUBSCRIBE",
    },
    planners={"bring_booking": "features.bookings.plan:PLANNER"},
    settings="features.bookings.settings_check:PART",
    scheduled_task="features.bookings.scheduled:run",
    backlog="features.bookings.backlog:OLDEST",
    pages={"bookings": "features.bookings.settings:shows_bookings"},
    hooks={"visit": "features.bookings.self_service:answer"},
    reads={"booking_calendar": f"{_CALENDARS}:feed"},
)
