"""What appointments add to the product."""

from shared.actions.subject import Subject

_SLOTS = "shared.bookings.actions.slots"
_BOOKINGS = "shared.bookings.actions.bookings"
_CALENDARS = "shared.bookings.calendars"
_SUBSCRIPTIONS = "shared.bookings.actions.subscriptions"

SUBJECT = Subject(
    actions={
        "book": "shared.bookings.actions.book:ACTION",
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
    planners={"bring_booking": "shared.bookings.plan:PLANNER"},
    settings="shared.bookings.settings_check:PART",
    chore="shared.bookings.chores:run",
    pages={"bookings": "shared.bookings.settings:shows_bookings"},
    hooks={"visit": "shared.bookings.visits:answer"},
    reads={"booking_calendar": f"{_CALENDARS}:feed"},
)
