// What an account in amoCRM has, as `get_pipelines`, `get_users` and `get_custom_fields` give it.

export interface Status {
  id: number;
  name: string;
  is_unsorted: boolean;
}

export interface Pipeline {
  id: number;
  name: string;
  statuses: Status[];
}

export interface User {
  id: number;
  name: string;
}

export interface CustomField {
  id: number;
  name: string;
  code: string | null;
}
