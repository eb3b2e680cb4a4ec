// What a company offers (features/bookings/settings.py) and the visits to it, as `get_settings` and `get_bookings` give them.

/** Spans of each weekday, by its English name: `["09:00-13:00", "14:00-18:00"]`. */
export type Week = Record<string, string[]>;

/** YYYY-MM-DD. */
export interface DaysOff {
  first: string;
  last: string;
  note: string;
}

export interface Place {
  id: string;
  name: string;
  address: string;
}

/** A doctor, or a room. What is null is the company's. */
export interface Resource {
  id: string;
  name: string;
  is_room: boolean;
  user_id: number | null;
  place: string | null;
  hours: Week | null;
  days_off: DaysOff[];
  special_days: { day: string; hours: string[] }[];
  is_on: boolean;
}

export interface Service {
  id: string;
  name: string;
  minutes: number;
  buffer_minutes: number;
  price: string | null;
  sku: string | null;
  resources: string[];
  rooms: string[];
  is_public: boolean;
}

/** Those of them that are one number. */
export interface Numbers {
  step_minutes: number;
  ahead_days: number;
  notice_minutes: number;
  hold_minutes: number;
  most_per_phone: number;
}

export interface Bookings extends Numbers {
  is_on: boolean;
  time_zone: string;
  hours: Week;
  days_off: DaysOff[];
  special_days: { day: string; hours: string[] }[];
  places: Place[];
  resources: Resource[];
  services: Service[];
  currency: string;
  pipeline_id: number | null;
  status_id: number | null;
  cancelled_status_id: number | null;
  goods: boolean;
}

/** What a visit is of, as it was when it was booked. */
export interface Visit {
  id: string;
  version: number;
  starts_at: string;
  ends_at: string;
  state: string;
  attendance: string | null;
  service: { id: string; name: string; price?: string | null };
  resource: { id: string; name: string };
  room: string | null;
  visitor?: { name: string; phone: string } | null;
  attention: string | null;
  is_in_amocrm: boolean;
  [member: string]: any;
}
