// Made from openapi.yaml by `python -m cli client`.
export interface paths {
    "/accept_without_person": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, accepts_without_person}`. A key whose forms ask for neither a phone nor an e-mail is not told of in the
         *     overview any more. 404 for what is no key of a server of this account.
         */
        post: operations["accept_without_person"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/book": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `book`; given by widget, widget_administrator, session, application, site, administrator.
         *
         *     `{booking, link, delivery_id, state, results}`: 200 when it is in amoCRM, 202 while it is under way, or with
         *     `needs_a_person` and a `problem` where amoCRM has refused it; it is booked in all cases. `link`
         *     is the visitor's own, for moving or cancelling. The same request again is the same booking.
         *
         *     404 for a deal that is not there; 409 for a time that somebody else has, or a hold that has ended; 422 for a time
         *     that is never free.
         */
        post: operations["book"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cancel_booking": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `write_deal`; given by widget, widget_administrator, session, application, administrator.
         *
         *     `{booking, delivery_id, state}`: the time is free at once. Cancelling twice is no error.
         */
        post: operations["cancel_booking"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/check_calculator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{calculator, problems}`: the calculator ready to be reckoned, or null and what does not fit together, each with
         *     `path` and `detail`. Nothing is kept.
         */
        post: operations["check_calculator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/connection_status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see_connection`; given by widget, widget_administrator, session, application, administrator, operator, viewer.
         *
         *     `{connection, …addresses}`, or `{connections: […], next: "domain/widget" | null, …addresses}`.
         *
         *     Query for the list: `limit`, and `after` with the `next` of the page before; `search` (a part of the account's
         *     address), `status`, `widget_type`, `trouble=1` for those that have a problem, and `todo` for
         *     those in which something waits that `get_overview` counts under this code.
         */
        get: operations["connection_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/create_administrator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, link}`: the address at which they sign in, once, within a day. It is shown this once. 409 where another
         *     administrator has the e-mail address.
         */
        post: operations["create_administrator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/create_install_link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, key, link, button, name, platform}`: our link, and amoCRM's button as HTML. The key is shown this once.
         */
        post: operations["create_install_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/create_site_key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, site_key, name, origins, accepts_hidden_origin, is_server}`. The key is shown this once.
         */
        post: operations["create_site_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/discard_calculator_draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{discarded: true}`; what is in force stays. 409 where somebody else has saved the draft since.
         */
        post: operations["discard_calculator_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/disconnect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `connect`; given by widget_administrator, application, administrator, operator.
         *
         *     `{connection}`. Disconnecting twice is no error.
         */
        post: operations["disconnect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/exchange_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `connect`; given by widget_administrator, application, administrator, operator.
         *
         *     `{connection}`; 422 with amoCRM's reason for a code that is wrong, used, or older than its 20 minutes.
         */
        post: operations["exchange_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/find_contacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `phone`, as it was typed. `{contacts: [{id, name, link, leads: [{id, link}]}]}`: those of the account with
         *     this phone, by amoCRM's own search; nothing of it is kept here.
         */
        post: operations["find_contacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_account`; given by widget_administrator, application, administrator, operator, viewer.
         *
         *     `{currency}`: what the account's budgets and prices are in; null where nobody can say now.
         */
        get: operations["get_account"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_administrator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{name, rights, widget_types, calculator_types}`: `rights` are the names of what this sign-in may do;
         *     `widget_types` the names of what is in `widgets/`, by type, `calculator_types` those whose cards show a
         *     calculator.
         */
        get: operations["get_administrator"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_administrators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{administrators: […]}`, each with `id, name, rights, email, revision, created_at, created_by, expires_at,
         *     revoked_at, last_used_at, is_invited`.
         */
        get: operations["get_administrators"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_automations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{automations: [{id, name, work, host, is_on, created_at, last_asked_at, revision}], values, kinds}`: `values`
         *     are what a text may name, `kinds` what an automation may do here.
         */
        get: operations["get_automations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_bookings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_deal`; given by widget, widget_administrator, session, application, administrator, operator, viewer.
         *
         *     Query: `from` and `to`, days of the company's zone, at most 31, or the deal (`X-Lead-Id`) with all its visits;
         *     `resource`; `needs_a_person=1`; `after`, the `next` of the page before. `{bookings, next}`, see
         *     :func:`features.bookings.views.of`.
         */
        get: operations["get_bookings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_bots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_account`; given by widget_administrator, application, administrator, operator, viewer.
         *
         *     `{bots: [{id, name, is_active}]}`, as far as amoCRM tells of them.
         */
        get: operations["get_bots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_calculator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_deal`; given by widget, widget_administrator, session, application, administrator, operator, viewer.
         *
         *     `{calculator, revision, account_currency, widget_type, lead_id}`: the one in force, with formulas ready to be
         *     reckoned (trees; see docs/calculators.md). `revision` changes with it. A sum in another currency than
         *     `account_currency` (null: nobody can say now) becomes no budget. 404 for a widget type without one.
         */
        get: operations["get_calculator"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_calculator_draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{level, draft, in_force, touched, versions, usual, account_currency}`: the draft (`document, revision,
         *     changed_at, changed_by`, or null), the calculators in force, the nearest first (`level, version, document`; `level`
         *     null for the one that comes with the widget type), for how many connections this level is the one (10,000 stands for
         *     more, too), its versions, and the widget types that come with a calculator to begin from, these in the account's
         *     currency (ISO 4217; null where nobody can say now).
         */
        get: operations["get_calculator_draft"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_calculator_version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{document}` of an earlier version. 404 for a number that is not there.
         */
        get: operations["get_calculator_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_catalogs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_account`; given by widget_administrator, application, administrator, operator, viewer.
         *
         *     `{catalogs: [{id, name, type}]}`; the goods list has the type `products`.
         */
        get: operations["get_catalogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{changes: [{id, kind, entity_type, entity_id, link, created_at, sends}], next_before}`, the newest first.
         *     `link`: amoCRM's page of the deal, contact, company or customer. `sends`: `[{endpoint_id, state, attempts,
         *     answered_at, answer}]`, state waiting, delivered or dead. Query: `before` (a `next_before`), `limit`,
         *     `id` of a single one; with it `content=1`, for administrators: also `content`, what endpoints are told (null where
         *     it cannot be read).
         */
        get: operations["get_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_custom_fields": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_account`; given by widget_administrator, application, administrator, operator, viewer.
         *
         *     Query: `entity`, leads or contacts. `{fields: [{id, name, code, type, enums: [[id, value]]}]}`
         */
        get: operations["get_custom_fields"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     Query: `state`, `lead_id`, `write` (the action that was called), `since`, `until` (Unix seconds), `limit`,
         *     `before` (the `next` of the page before). `{deliveries: […], next}`, newest first.
         *
         *     Without an account in the headers: those of all accounts, in the state accepted or dead.
         */
        get: operations["get_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_delivery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_deal`; given by widget, widget_administrator, session, application, administrator, operator, viewer.
         *
         *     Query: `id`, or `write` (the action that was called) with its `Idempotency-Key` as `key`: so a write can be
         *     followed before it has answered. `content=1`, for administrators: also `content`, what was sent (personal, and
         *     kept for some days only; null when it is gone; an uploaded PDF, and a call's address and secret, are left out).
         *
         *     `{delivery_id, action, lead_id, state, attempts, steps, results, story, problem, summary, links, created_at,
         *     finished_at, due_in}`. `summary`: `{by, user_id?, total?, currency?, deal?}`. `links`: amoCRM's pages,
         *     `{lead?, contact?}`.
         *     `steps`: each begun step as `started` (perhaps sent), `planned` (to be tried again) or `done`. `story`: what
         *     happened, in order, `[{at, kind, step?, outcome?, code?, detail?, request_id?}]`, with the kinds accepted,
         *     step_done, warned, deferred, retried, dead, delivered; of more than 100 entries the first and the latest.
         */
        get: operations["get_delivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{endpoints: [{id, name, host, kinds, pipelines, statuses, stages, fields, is_on, off_reason, failures,
         *     failing_since, last_status, last_ok_at, waiting, oldest_seconds, old_secret_until, created_at, revision, missing,
         *     late}], feed}`. `off_reason`: person, gone (it answered 410), failing (for three days). `missing`: the kinds that
         *     cannot be had in this account; `late`: those of which some are told later, because more incoming leads wait than one
         *     look sees.
         *     `feed`: `{is_on, way, hooks, last_hook_at, problem}`, or null where the connection has never asked for events; `way`
         *     is hook, or ask where amoCRM refuses webhooks.
         */
        get: operations["get_endpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_event_kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     What an endpoint may ask for, grouped, each kind with a message as it is sent; and the message by which an
         *     endpoint is tried.
         */
        get: operations["get_event_kinds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     Query: `limit`, `before` (the `next` of the page before), `level`, `search`, `delivery_id`. `{events: […], next}`
         *
         *     With an account in the headers: its events only. A search looks at 8,000 lines for each page, which may be empty
         *     while `next` goes on.
         */
        get: operations["get_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_incoming": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     Query: `key` (a server key's id), `outcome`, `limit`, `before` (the `next` of the page before).
         *
         *     `{keys: [{id, name, revoked_at, without_person, accepts_without_person, bodies_dropped_at}], incoming: [{id, key_id,
         *     action, outcome, detail, delivery_id, again_id, has_person, size, times, request_id, created_at, last_at}], next}`,
         *     the newest first. `outcome`: accepted (as the delivery), refused, nothing (a trial, a robot, a messenger that tells
         *     of own messages), taken (not read to its end). `again_id`: of the latest delivery that has completed it. `size` in
         *     bytes; `times`: how often the same has come. Of a key, `without_person`: none of its latest had a phone or an
         *     e-mail, and nobody has said that this is right (`accepts_without_person`); `bodies_dropped_at`: when older ones went
         *     because too many came.
         */
        get: operations["get_incoming"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_incoming_entry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     Query: `id`; `content=1`, for administrators: also the values, `understood` (the body that they make, as its
         *     own action takes it; null for what cannot be read), and `raw`, what came, as text.
         *
         *     What the list tells of it, and `{values: [{name, source, named, values, meaning, reason, goes_to: [{entity,
         *     field_id, field}]}], reading, person, raw}`, by today's rules. `source`: what a mapping may call it; null where it
         *     has no such name; `named`: what the settings call it already. `meaning`: name, first_name, last_name, phone, email,
         *     comment, form, page, referrer, visit, order, field (a field of the form: it goes where a rule says, else into the
         *     note), nothing (it is left out). `reason`: mapping (the settings say so), type (declared so), word (its name says
         *     so), shape (it looks so), visit, furniture (the builder's own), note (nothing says more of it). `reading`: form,
         *     order, several (each of its submissions is in the list by itself), nothing or unreadable; `problem` says why.
         */
        get: operations["get_incoming_entry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_install_links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{install_links: [{id, widget_type, platform, name, language, created_at, revoked_at}]}`, the newest first, those
         *     that are revoked last.
         */
        get: operations["get_install_links"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_lead": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_people`; given by widget, widget_administrator, session, application, administrator.
         *
         *     `{lead: {id, name, price, …}, client: {…} | null, contacts: [{id, name, is_main, phones[], emails[]}]}`
         */
        get: operations["get_lead"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_leads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `list_deals`; given by widget, widget_administrator, application, administrator.
         *
         *     Query: `page` from 1, `limit` to 250, `query`, `pipeline_id`, `status_id` (with its pipeline),
         *     `responsible_user_id`. Answer: `{leads: […], page, limit, has_more}`;
         *     409 `amocrm_filters_off` where the account ignores filters.
         */
        get: operations["get_leads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see_metrics`; given by administrator, operator, viewer, metrics.
         *
         *     The text format of Prometheus, 0.0.4; OpenTelemetry's collector reads it too (receiver `prometheus`).
         */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_order": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see_order`; given by application, site, administrator.
         *
         *     Query: `number`; and for a site key the header `X-Order-Contact`, a phone or e-mail of the order, which may be
         *     encoded as in an address: numbers can be guessed, and a site key is no secret.
         *
         *     `{number, status, accepted_at}`: `status` is the shop's word for the deal's place, or null where the settings name
         *     none, and before the deal is made. 404 for an order that is not there, or is somebody else's.
         */
        get: operations["get_order"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     Query: `period` (hour, day or month; a day where none is named).
         *
         *     `{period, connections: {connected, pending, reauth_required, disconnected, ending_soon}, deliveries: {accepted,
         *     dead, oldest_seconds}, refreshes: {overdue}, jobs: [{name, seconds, is_late}], backlog: [{name, seconds}],
         *     todo: [{code, count}], first_steps: {saved_connection, connected, seen_in_card, first_save, company, site_key},
         *     series}`. `jobs`: seconds since each has last come to its end; null: it never has. `backlog`: how long the oldest of
         *     what is due has been waiting. `series`: `{span, starts, deliveries,
         *     refreshes, answers, latency}`, a number for each span of so many seconds.
         */
        get: operations["get_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_pipelines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_account`; given by widget_administrator, application, administrator, operator, viewer.
         *
         *     `{pipelines: [{id, name, is_main, statuses: [{id, name, is_unsorted}]}]}`, the main one first.
         */
        get: operations["get_pipelines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see_slots`; given by widget, widget_administrator, session, application, site, administrator, operator, viewer.
         *
         *     `{time_zone, today, ahead_days, step_minutes, account_currency, services: [{id, name, minutes, price, currency,
         *     resources}], resources: [{id, name, place}], places: [{id, name, address}]}`. `account_currency`: in which a price
         *     may be a budget; null for public pages, and where nobody can say now. 409 where bookings are turned off.
         */
        get: operations["get_services"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{settings, level, sources, revision, touched, account_country}`: the document of :mod:`features.settings` that
         *     holds at the level, with its defaults; `sources`: which level sets each member; `touched`: for how many connections
         *     it counts; `account_country`: what an empty `phone_country` stands for, as amoCRM told when the account was
         *     connected (null: it did not).
         */
        get: operations["get_settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_site_keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `{site_keys: [{id, name, origins, accepts_hidden_origin, is_server, is_signed, created_at, revoked_at}]}`, the
         *     newest first, those that are revoked last. `is_signed`: the key has its sender's secret.
         */
        get: operations["get_site_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_slots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see_slots`; given by widget, widget_administrator, session, application, site, administrator, operator, viewer.
         *
         *     Query: `service`; `from` and `to`, days of the company's zone, at most 31; `resource`, `place` to narrow it;
         *     `booking`, one that is to be moved, whose own time is free for it. `{time_zone, days: [{date, slots: [{starts_at,
         *     resources}]}]}`, days without a free time too.
         */
        get: operations["get_slots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_submission": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `see_order`; given by application, site, administrator.
         *
         *     Query: `id`, the `delivery_id` that the submission was answered with.
         *
         *     What a person has done with an incoming lead is told up to 30 seconds late. 404 for one that is not there: a public
         *     page is told `received` of it instead; nothing tells a robot, whose submission is thrown away, from others.
         */
        get: operations["get_submission"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{calendars: [{resource, host, read_at, failing_since, problem, times, left_out}]}`: those that are read every
         *     hour. Nobody is told the rest of an address.
         */
        get: operations["get_subscriptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Right: `read_account`; given by widget_administrator, application, administrator, operator, viewer.
         *
         *     `{users: [{id, name, is_admin}]}`; without those who were switched off.
         */
        get: operations["get_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hold_slot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `book`; given by widget, widget_administrator, session, application, site, administrator.
         *
         *     201 `{hold, expires_at, starts_at, ends_at, resource: {id, name}}`: the time is kept for `hold_minutes`. 409
         *     where somebody else has it, or where the caller holds too many. The same `Idempotency-Key` is the same hold.
         */
        post: operations["hold_slot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/inherit_calculator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{inherited: true}`: from now on the level above holds; the versions stay, to go back to.
         */
        post: operations["inherit_calculator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/move_booking": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `write_deal`; given by widget, widget_administrator, session, application, administrator.
         *
         *     `{booking, delivery_id, state}`. 409 for a time that somebody else has, or a visit that somebody has changed
         *     (`booking_changed`), 422 for a time that is never free.
         */
        post: operations["move_booking"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/open_calendar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{url}`: the secret address of a doctor's calendar, shown this once; the one before opens nothing any more. null
         *     where it was closed. 422 for a resource that there is not.
         */
        post: operations["open_calendar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/open_session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `open_session`; given by widget, widget_administrator.
         *
         *     `{session_token, expires_in, lead_id, pages}`; send the token as `Authorization: Bearer`. `pages`: what the card
         *     of a deal shows, of `bookings` and `calculator`.
         */
        post: operations["open_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{note, page, missing_letters}`: the note's text, the quotation's first page as a PNG in Base64, and letters of
         *     the company's and the template's texts that no font of the quotation has.
         */
        post: operations["preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/preview_incoming": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{incoming: [{…as in get_incoming_entry, differs: [{name, was, now}]}]}`: the last ten of the key, by the rules
         *     given, and what of each is taken for something else than by those that are saved. Nothing is written.
         */
        post: operations["preview_incoming"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/publish_calculator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{version, touched}`: the draft is in force from now on, for so many connections (10,000 stands for more, too).
         *     422 for one that does not fit together, 409 where somebody else has saved it since.
         */
        post: operations["publish_calculator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/read_again": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `operate`; given by administrator, operator.
         *
         *     `{id, outcome, detail, delivery_id, filled: {lead: […], contact: […]}, noted}`. `outcome`: completed (its deal or
         *     contact lacked something), nothing_new, made (it had become nothing before), nothing (`detail` says why), later
         *     (amoCRM does not take it now: it goes on by itself), refused. `filled`: the fields that were empty, by name.
         *     `noted`: a note says what none has said before.
         */
        post: operations["read_again"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/read_days_off": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{days_off: [{first, last, note}], left_out: [{reason, count, lines}]}`: the whole days of the calendar's events
         *     from a month ago on, those that come again for two years; and what was not read, or otherwise than it is written,
         *     with the first 20 lines of each reason. 422 for a text that is no calendar, or has more days than settings take.
         */
        post: operations["read_days_off"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/release_slot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `book`; given by widget, widget_administrator, session, application, site, administrator.
         *
         *     `{released}`: false where it was not held any more.
         */
        post: operations["release_slot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/remove_automation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, removed: true}`: its key opens nothing any more; what was accepted is still carried out. 404 for an id of
         *     another connection.
         */
        post: operations["remove_automation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/remove_endpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, removed: true}`. What waited for it is not sent any more. 404 for an id of another connection.
         */
        post: operations["remove_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/renew_sign_in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, link}`: another link for somebody; their present sign-in ends when it is used. 404 for who is not there.
         */
        post: operations["renew_sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/replace_automation_key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, key}`: shown this once; enter it in amoCRM, where the one before opens nothing any more. 404 for an id of
         *     another connection.
         */
        post: operations["replace_automation_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/replace_endpoint_secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, secret}`: shown this once; for a day both secrets sign. 404 for an id of another connection.
         */
        post: operations["replace_endpoint_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/replace_hook_key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{replaced: true}`: amoCRM is given another address within a minute; the one before is not known any more. 409
         *     where events are off.
         */
        post: operations["replace_hook_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/replay_changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `operate`; given by administrator, operator.
         *
         *     `{replayed}`: how many are sent: those that were delivered or given up again, each with the id that it had, and
         *     those that the endpoint was not told because it was off, or asked for less then.
         */
        post: operations["replay_changes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/retry_delivery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `operate`; given by administrator, operator.
         *
         *     `id` of one: `{delivery}`, or 409 for one that is not dead, or too old. `ids` of several, at most 200:
         *     `{retried}`, how many. `run_deliveries` takes them up within a minute.
         */
        post: operations["retry_delivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/revoke_administrator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, revoked: true}`; 404 for who is not there, or was revoked before.
         */
        post: operations["revoke_administrator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/revoke_install_link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, revoked: true}`; accounts that were connected through it stay connected.
         */
        post: operations["revoke_install_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/revoke_site_key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, revoked: true}`; 404 for a key of another account.
         */
        post: operations["revoke_site_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_administrator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id}`: what they may, and by which address the issuer knows them. 404 for who is not there, 409 where another
         *     administrator has the address, or where they have changed since `revision`.
         */
        post: operations["save_administrator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_automation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, revision, key, secret}`: the key of a new one, and the secret that signs its calls, are shown this once
         *     (201); else they are null. 404 for an id of another connection, 409 for one too many, or one that has changed since
         *     `revision`, 422 for what cannot be done.
         */
        post: operations["save_automation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_calculation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `write_deal`; given by widget, widget_administrator, session, application, administrator.
         *
         *     Body: :class:`features.calculations.model.SaveCalculation`.
         *
         *     200 `{delivery_id, state, results}`, or 202 with `problem` when it will be delivered later.
         *
         *     Without an `Idempotency-Key` the same calculation for the same deal counts as the same request, until another one
         *     came for it.
         */
        post: operations["save_calculation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_calculator_draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     As `check_calculator`, with `revision`: the draft is kept, whether it fits together or not. 409 where somebody
         *     else has saved it since; `changed_by` and `changed_at` say who.
         */
        post: operations["save_calculator_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_connection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{connection, connect_url, redirect_uri, hook_url, widget_url}`; 201 for a new connection.
         *
         *     Another client id, which comes with its secret, ends the present connection; another secret alone keeps it.
         */
        post: operations["save_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_endpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, secret, revision}`: the secret of a new endpoint is shown this once (201); of one that was there it is
         *     null. 404 for an id of another connection, 422 for an address that may not be called, or a field that `changed`
         *     never names, 409 for one too many, or one that has changed since `revision`.
         */
        post: operations["save_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     As `get_settings` answers. 422 names what the account does not have, and what it has instead; 409 where somebody
         *     else has changed the level since `revision`.
         */
        post: operations["save_settings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{connection}`. The connection's client id and secret are saved before, for the widget's one-time tokens.
         */
        post: operations["save_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `see`; given by administrator, operator, viewer.
         *
         *     `q`: an id as it stands in a list or an answer, a mark (`ref:…`) as it stands in a note or a task, or a
         *     number of a deal or of a line of the log. `{found: [{kind, id, account_domain, widget_type, created_at}]}`, `kind`
         *     delivery, incoming, change, booking, deal (something was written into it), event; nothing for anything else.
         */
        post: operations["search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/set_attendance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `write_deal`; given by widget, widget_administrator, session, application, administrator.
         *
         *     `{booking, delivery_id, state}`: the task is completed with what it was.
         */
        post: operations["set_attendance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign_in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `sign_in`; given by invited.
         *
         *     With the link's code as the proof: `{token, name, rights}`. The token is shown this once; the link is used up.
         */
        post: operations["sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign_site_key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{id, is_signed}`. From now on what comes with this key must be signed with this secret. 404 for what is no key
         *     of a server of this account, or is revoked.
         */
        post: operations["sign_site_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/start_connection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `connect`; given by widget_administrator, application, administrator, operator.
         *
         *     `{connect_url, consent_origin, redirect_uri, hook_url, widget_url}`; the address works for 24 hours.
         *
         *     `consent_origin` is amoCRM's: from its window a page may hear where to go, or that the person denied.
         */
        post: operations["start_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/start_installation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{install_url, redirect_uri}`; it works for 15 minutes, once. In mode `popup` the page that opens it must go to
         *     the address that amoCRM's window posts to it as `{url}`, if that begins with `redirect_uri`.
         */
        post: operations["start_installation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/submit_form": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Right: `submit`; given by application, site, server, administrator. */
        post: operations["submit_form"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/submit_order": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Right: `submit`; given by application, site, server, administrator. */
        post: operations["submit_order"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/subscribe_calendar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `manage`; given by administrator.
         *
         *     `{calendar}`: how the first reading, which is made at once, has fared; null where it is not read any more. 422
         *     for an address that cannot be called, or a resource that there is not.
         */
        post: operations["subscribe_calendar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sync_contact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Right: `sync_contact`; given by application, administrator. */
        post: operations["sync_contact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/test_endpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description Right: `operate`; given by administrator, operator.
         *
         *     `{answer, is_taken, ms}`: a message of the kind `test` was sent at once. `answer` is the status, or why there was
         *     none. 404 for an id of another connection.
         */
        post: operations["test_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    "catalog_element.added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CatalogElementMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "catalog_element.added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "catalog_element.deleted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CatalogElementDeleted"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "catalog_element.deleted";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "catalog_element.updated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CatalogElementUpdated"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "catalog_element.updated";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "company.added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CompanyMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "company.added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "company.deleted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CompanyDeleted"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "company.deleted";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "company.note_added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CompanyNoteAdded"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "company.note_added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "company.responsible_changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CompanyResponsibleChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "company.responsible_changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "company.restored": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CompanyMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "company.restored";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "company.updated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CompanyUpdated"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "company.updated";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "contact.added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ContactMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "contact.added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "contact.deleted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ContactDeleted"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "contact.deleted";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "contact.note_added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ContactNoteAdded"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "contact.note_added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "contact.responsible_changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ContactResponsibleChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "contact.responsible_changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "contact.restored": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ContactMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "contact.restored";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "contact.updated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ContactUpdated"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "contact.updated";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "customer.added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CustomerMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "customer.added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "customer.deleted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CustomerDeleted"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "customer.deleted";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "customer.note_added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CustomerNoteAdded"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "customer.note_added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "customer.responsible_changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CustomerResponsibleChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "customer.responsible_changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "customer.updated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["CustomerUpdated"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "customer.updated";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "incoming_lead.accepted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["IncomingLeadMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "incoming_lead.accepted";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "incoming_lead.added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["IncomingLeadMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "incoming_lead.added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "incoming_lead.declined": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["IncomingLeadMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "incoming_lead.declined";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lead.added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["LeadMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "lead.added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lead.deleted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["LeadDeleted"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "lead.deleted";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lead.note_added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["LeadNoteAdded"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "lead.note_added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lead.responsible_changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["LeadResponsibleChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "lead.responsible_changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lead.restored": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["LeadMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "lead.restored";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lead.status_changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["LeadStatusChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "lead.status_changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lead.updated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["LeadUpdated"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "lead.updated";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "message.received": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ChatMessageMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "message.received";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "message.sent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["ChatMessageMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "message.sent";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "order.status_changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["OrderStatusChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "order.status_changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "talk.changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TalkChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "talk.changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "talk.closed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TalkMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "talk.closed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "talk.opened": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TalkMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "talk.opened";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "task.added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TaskMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "task.added";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "task.changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TaskChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "task.changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "task.completed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TaskMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "task.completed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "task.deleted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TaskDeleted"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "task.deleted";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "task.responsible_changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TaskResponsibleChanged"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "task.responsible_changed";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    test: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        data: components["schemas"]["TestMessage"];
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        type: "test";
                    };
                };
            };
            responses: {
                /** @description It was taken; anything else is tried again for three days. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        /**
         * AcceptWithoutPerson
         * @description `is_so`: it is right that forms of this key have neither a phone nor an e-mail; false: tell of it.
         */
        AcceptWithoutPerson: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
            is_so: boolean;
        };
        /** Account */
        Account: {
            domain: string;
            id: number | null;
        };
        /**
         * AccountAnswer
         * @description What the account says of itself.
         */
        AccountAnswer: {
            currency: string | null;
        };
        /** Address */
        Address: {
            /** @default  */
            building?: string;
            /** @default  */
            city?: string;
            /** @default  */
            country?: string;
            /** @default  */
            postcode?: string;
            /** @default  */
            region?: string;
            /** @default  */
            room?: string;
            /** @default  */
            street?: string;
        };
        /** Attachment */
        Attachment: {
            file_name: string | null;
            link: string | null;
            type: string | null;
        };
        /**
         * Book
         * @description Either `hold`, or `service` and `starts_at` with a `resource` or anybody, of a `place` or of any. The deal is
         *     named by `X-Lead-Id`, or here, or is made.
         */
        Book: {
            /** @default null */
            action?: string | null;
            /** @default  */
            comment?: string;
            /** @default null */
            hold?: string | null;
            /** @default null */
            lead_id?: number | null;
            /** @default null */
            place?: string | null;
            /** @default null */
            resource?: string | null;
            /** @default null */
            service?: string | null;
            /** @default null */
            starts_at?: string | null;
            /** @default  */
            trap?: string;
            /**
             * @default {
             *       "name": "",
             *       "phone": "",
             *       "email": ""
             *     }
             */
            visitor?: components["schemas"]["VisitorGiven"];
        };
        /**
         * BookAnswer
         * @description The visit, and the visitor's own link.
         */
        BookAnswer: {
            booking: components["schemas"]["Visit"];
            /** Format: uuid */
            delivery_id: string;
            link: string;
            needs_a_person?: boolean;
            problem?: components["schemas"]["ProblemSummary"] | null;
            results?: {
                [key: string]: Record<string, never>;
            };
            retry_after?: number;
            /** @enum {unknown} */
            state: "accepted" | "delivered";
        };
        /**
         * BookingAnswer
         * @description The visit as it is now.
         */
        BookingAnswer: {
            booking: components["schemas"]["Visit"];
            /** Format: uuid */
            delivery_id: string;
            needs_a_person?: boolean;
            problem?: components["schemas"]["ProblemSummary"] | null;
            results?: {
                [key: string]: Record<string, never>;
            };
            retry_after?: number;
            /** @enum {unknown} */
            state: "accepted" | "delivered";
        };
        /**
         * Bookings
         * @description Appointments (rows K1-K4).
         */
        Bookings: {
            /** @default 60 */
            ahead_days?: number;
            /** @default null */
            cancelled_status_id?: number | null;
            /** @default RUB */
            currency?: string;
            /** @default [] */
            days_off?: components["schemas"]["DaysOff"][];
            /** @default true */
            goods?: boolean;
            /** @default 10 */
            hold_minutes?: number;
            /**
             * @default {
             *       "monday": [
             *         "09:00-18:00"
             *       ],
             *       "tuesday": [
             *         "09:00-18:00"
             *       ],
             *       "wednesday": [
             *         "09:00-18:00"
             *       ],
             *       "thursday": [
             *         "09:00-18:00"
             *       ],
             *       "friday": [
             *         "09:00-18:00"
             *       ],
             *       "saturday": [],
             *       "sunday": []
             *     }
             */
            hours?: components["schemas"]["Week"];
            /** @default false */
            is_on?: boolean;
            /** @default 3 */
            most_per_phone?: number;
            /** @default 60 */
            notice_minutes?: number;
            /** @default null */
            pipeline_id?: number | null;
            /** @default [] */
            places?: components["schemas"]["features.bookings.settings.Place"][];
            /** @default [] */
            resources?: components["schemas"]["Resource"][];
            /** @default [] */
            services?: components["schemas"]["Service"][];
            /** @default [] */
            special_days?: components["schemas"]["SpecialDay"][];
            /** @default null */
            status_id?: number | null;
            /** @default 15 */
            step_minutes?: number;
            /** @default Europe/Moscow */
            time_zone?: string;
        };
        /**
         * BookingsAnswer
         * @description A page of visits; `next` is the `after` of the one that follows.
         */
        BookingsAnswer: {
            bookings: components["schemas"]["Visit"][];
            next: string | null;
        };
        /**
         * BotsAnswer
         * @description Those that amoCRM tells of; one that is missing may be named by its id.
         */
        BotsAnswer: {
            bots: components["schemas"]["shared.amocrm.directory.Bot"][];
        };
        /**
         * ByCalculator
         * @description What was typed and chosen in a calculator, from which the server reckons the calculation again.
         */
        ByCalculator: {
            /**
             * @default en
             * @enum {unknown}
             */
            language?: "en" | "es" | "pt" | "ru" | "uk" | "uz";
            revision: string;
            values: Record<string, never>;
        };
        /**
         * Calculation
         * @description What was reckoned; amounts as in the head of this module.
         */
        Calculation: {
            /** @default null */
            comment?: string | null;
            currency: string;
            /** @default null */
            delivery?: (string | number) | null;
            /** @default null */
            discount?: (string | number) | null;
            items: components["schemas"]["Item"][];
            /** @default null */
            number?: string | null;
            /** @default [] */
            parameters?: components["schemas"]["Parameter"][];
            title: string;
            /** Format: decimal */
            total: string | number;
            /** @default null */
            valid_until?: string | null;
        };
        /**
         * CalculatorAnswer
         * @description The calculator in force, with formulas as trees.
         */
        CalculatorAnswer: {
            account_currency: string | null;
            calculator: Record<string, never>;
            lead_id: number | null;
            revision: string;
            widget_type: string;
        };
        /**
         * Call
         * @description A signed message to a server of the company.
         */
        Call: {
            /** @enum {unknown} */
            kind: "call";
        };
        /**
         * CancelBooking
         * @description `version`: as in `move_booking`.
         */
        CancelBooking: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
            /** @default  */
            reason?: string;
            /** @default null */
            version?: number | null;
        };
        /** Catalog */
        Catalog: {
            id: number;
            name: string;
            type: string;
        };
        /**
         * CatalogElement
         * @description An element of a list, such as goods or invoices.
         */
        CatalogElement: {
            catalog_id: number | null;
            created_at: number | null;
            fields: components["schemas"]["Field"][];
            id: number;
            name: string;
            updated_at: number | null;
        };
        /** CatalogElementDeleted */
        CatalogElementDeleted: {
            account: components["schemas"]["Account"];
            catalog_element: components["schemas"]["Named"];
        };
        /** CatalogElementMessage */
        CatalogElementMessage: {
            account: components["schemas"]["Account"];
            catalog_element: components["schemas"]["CatalogElement"];
        };
        /** CatalogElementUpdated */
        CatalogElementUpdated: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["ElementBefore"] | null;
            catalog_element: components["schemas"]["CatalogElement"];
            changed: string[] | null;
        };
        /**
         * CatalogsAnswer
         * @description The goods list has the type `products`.
         */
        CatalogsAnswer: {
            catalogs: components["schemas"]["Catalog"][];
        };
        /**
         * Changes
         * @description Events to the company's own systems (rows H1-H3).
         */
        Changes: {
            /** @default false */
            is_on?: boolean;
            /** @default false */
            message_texts?: boolean;
            /** @default [] */
            order_statuses?: components["schemas"]["OrderStatus"][];
        };
        /**
         * ChatMessage
         * @description `author_type`: external (a visitor), internal (a user, whose id is `user_id`, or a bot). `text`, `author_name`
         *     and `attachments` are there only where the settings of the connection say so.
         */
        ChatMessage: {
            /** @default [] */
            attachments?: components["schemas"]["Attachment"][];
            author_id: string | null;
            /** @default null */
            author_name?: string | null;
            author_type: string | null;
            chat_id: string | null;
            contact_id: number | null;
            created_at: number | null;
            id: string;
            lead_id: number | null;
            origin: string | null;
            talk_id: number | null;
            /** @default null */
            text?: string | null;
            user_id: number | null;
        };
        /** ChatMessageMessage */
        ChatMessageMessage: {
            account: components["schemas"]["Account"];
            message: components["schemas"]["ChatMessage"];
        };
        /** CheckCalculator */
        CheckCalculator: {
            /** @default null */
            action?: string | null;
            document: Record<string, never>;
        };
        /**
         * Choice
         * @description A service, or a doctor or room.
         */
        Choice: {
            id: string;
            name: string;
        };
        /** CompanyDeleted */
        CompanyDeleted: {
            account: components["schemas"]["Account"];
            company: components["schemas"]["Named"];
        };
        /** CompanyMessage */
        CompanyMessage: {
            account: components["schemas"]["Account"];
            company: components["schemas"]["features.changes.shapes.Company"];
        };
        /** CompanyNoteAdded */
        CompanyNoteAdded: {
            account: components["schemas"]["Account"];
            company: components["schemas"]["Named"];
            note: components["schemas"]["features.changes.shapes.Note"];
        };
        /** CompanyResponsibleChanged */
        CompanyResponsibleChanged: {
            account: components["schemas"]["Account"];
            before: components["schemas"]["Responsible"];
            company: components["schemas"]["features.changes.shapes.Company"];
        };
        /** CompanyUpdated */
        CompanyUpdated: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["Earlier"] | null;
            changed: string[] | null;
            company: components["schemas"]["features.changes.shapes.Company"];
        };
        /**
         * Connection
         * @description A customer's account and a widget type. No secret and no token is in it.
         */
        Connection: {
            account_domain: string;
            account_id: number | null;
            client_id: string;
            connected_at: string | null;
            created_at: string;
            /** Format: uuid */
            id: string;
            problem: components["schemas"]["ConnectionTrouble"] | null;
            /** @enum {unknown} */
            status: "connected" | "disconnected" | "pending" | "reauth_required";
            token_expires_at: string | null;
            widget_type: string;
        };
        /**
         * ConnectionAnswer
         * @description The connection as it is now.
         */
        ConnectionAnswer: {
            connection: components["schemas"]["Connection"];
        };
        /**
         * ConnectionTrouble
         * @description What is wrong with a connection, and since when.
         */
        ConnectionTrouble: {
            at: string | null;
            code: string;
            detail: string;
        };
        /**
         * ConsentAnswer
         * @description Where consent begins.
         */
        ConsentAnswer: {
            connect_url: string;
            consent_origin: string;
            hook_url: string;
            redirect_uri: string;
            widget_url: string;
        };
        /** ContactDeleted */
        ContactDeleted: {
            account: components["schemas"]["Account"];
            contact: components["schemas"]["Named"];
        };
        /** ContactMessage */
        ContactMessage: {
            account: components["schemas"]["Account"];
            contact: components["schemas"]["features.changes.shapes.Contact"];
        };
        /** ContactNoteAdded */
        ContactNoteAdded: {
            account: components["schemas"]["Account"];
            contact: components["schemas"]["Named"];
            note: components["schemas"]["features.changes.shapes.Note"];
        };
        /** ContactResponsibleChanged */
        ContactResponsibleChanged: {
            account: components["schemas"]["Account"];
            before: components["schemas"]["Responsible"];
            contact: components["schemas"]["features.changes.shapes.Contact"];
        };
        /**
         * ContactsAnswer
         * @description Contacts with a phone.
         */
        ContactsAnswer: {
            contacts: components["schemas"]["FoundContact"][];
        };
        /** ContactUpdated */
        ContactUpdated: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["Earlier"] | null;
            changed: string[] | null;
            contact: components["schemas"]["features.changes.shapes.Contact"];
        };
        /**
         * ContactValue
         * @description A phone or an e-mail, as it was typed.
         */
        ContactValue: {
            type: string | null;
            value: string;
        };
        /**
         * CreateAdministrator
         * @description `days`: how long the sign-in works; without it until it is revoked. `email`: as the issuer knows them, who may
         *     then also sign in by it.
         */
        CreateAdministrator: {
            /** @default null */
            action?: string | null;
            /** @default null */
            days?: number | null;
            /** @default null */
            email?: string | null;
            name: string;
            /**
             * @default see
             * @enum {unknown}
             */
            rights?: "manage" | "operate" | "see";
        };
        /** CreateInstallLink */
        CreateInstallLink: {
            /** @default null */
            action?: string | null;
            /** @default null */
            language?: string | null;
            /** @default null */
            name?: string | null;
            /**
             * @default amocrm
             * @enum {unknown}
             */
            platform?: "amocrm" | "kommo";
            widget_type: string;
        };
        /**
         * CreateSiteKey
         * @description Of pages, by their origins; or, with `is_server`, of a site builder's server, which has none.
         */
        CreateSiteKey: {
            /** @default false */
            accepts_hidden_origin?: boolean;
            /** @default null */
            action?: string | null;
            /** @default false */
            is_server?: boolean;
            name: string;
            /** @default [] */
            origins?: string[];
        };
        /** Customer */
        Customer: {
            created_at: number | null;
            fields: components["schemas"]["Field"][];
            id: number;
            name: string;
            next_date: number | null;
            next_price: number | null;
            responsible_user_id: number | null;
            status_id: number | null;
            tags: string[];
            updated_at: number | null;
        };
        /**
         * CustomerBefore
         * @description Earlier values of what has changed; of everything else `changed` has the name only.
         */
        CustomerBefore: {
            /** @default null */
            next_date?: number | null;
            /** @default null */
            next_price?: number | null;
            /** @default null */
            status_id?: number | null;
        };
        /** CustomerDeleted */
        CustomerDeleted: {
            account: components["schemas"]["Account"];
            customer: components["schemas"]["Named"];
        };
        /** CustomerMessage */
        CustomerMessage: {
            account: components["schemas"]["Account"];
            customer: components["schemas"]["Customer"];
        };
        /** CustomerNoteAdded */
        CustomerNoteAdded: {
            account: components["schemas"]["Account"];
            customer: components["schemas"]["Named"];
            note: components["schemas"]["features.changes.shapes.Note"];
        };
        /** CustomerResponsibleChanged */
        CustomerResponsibleChanged: {
            account: components["schemas"]["Account"];
            before: components["schemas"]["Responsible"];
            customer: components["schemas"]["Customer"];
        };
        /** CustomerUpdated */
        CustomerUpdated: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["CustomerBefore"] | null;
            changed: string[] | null;
            customer: components["schemas"]["Customer"];
        };
        /**
         * CustomField
         * @description A field of deals or contacts, and what can be chosen in it, by id.
         */
        CustomField: {
            code: string | null;
            enums: [
                number,
                string
            ][];
            id: number;
            name: string;
            type: string;
        };
        /**
         * DayOffered
         * @description A day, also one without a free time.
         */
        DayOffered: {
            /** Format: date */
            date: string;
            slots: components["schemas"]["SlotOffered"][];
        };
        /**
         * DaysOff
         * @description Nobody works from the first to the last of these days. A shift belongs to the day on which it begins.
         */
        DaysOff: {
            /** Format: date */
            first: string;
            /** Format: date */
            last: string;
            /** @default  */
            note?: string;
        };
        /**
         * Deal
         * @description A deal; moments are Unix seconds, custom fields as amoCRM has them, the price in the account's currency and with
         *     cents where it has them.
         */
        Deal: {
            closed_at: number | null;
            created_at: number | null;
            custom_fields_values: Record<string, never>[];
            id: number;
            name: string | null;
            pipeline_id: number | null;
            price: number | null;
            responsible_user_id: number | null;
            status_id: number | null;
            tags: string[];
            updated_at: number | null;
        };
        /**
         * DeliveryAnswer
         * @description What has become of an accepted write.
         */
        DeliveryAnswer: {
            action: string;
            attempts: number;
            content?: Record<string, never> | null;
            created_at: string;
            /** Format: uuid */
            delivery_id: string;
            due_in: number | null;
            finished_at: string | null;
            lead_id: number | null;
            links: {
                [key: string]: string;
            };
            problem: components["schemas"]["ProblemSummary"] | null;
            results: {
                [key: string]: Record<string, never>;
            };
            /** @enum {unknown} */
            state: "accepted" | "dead" | "delivered";
            steps: {
                [key: string]: "done" | "planned" | "started";
            };
            story: components["schemas"]["Entry"][];
            summary: Record<string, never>;
        };
        /**
         * Destination
         * @description Where forms, or orders, go.
         */
        Destination: {
            /**
             * @default lead
             * @enum {unknown}
             */
            mode?: "contact" | "incoming_lead" | "lead";
            /** @default null */
            pipeline_id?: number | null;
            /** @default [] */
            required?: string[];
            /** @default null */
            status_id?: number | null;
            /** @default [] */
            tags?: string[];
            /** @default null */
            title?: string | null;
        };
        /**
         * Earlier
         * @description Earlier values of what may be told; of everything else `changed` has the name only.
         */
        Earlier: {
            /** @default null */
            price?: number | null;
        };
        /** ElementBefore */
        ElementBefore: {
            /** @default null */
            catalog_id?: number | null;
        };
        /**
         * Entry
         * @description One thing that happened to a delivery.
         */
        Entry: {
            at: string;
            code?: string;
            detail?: string;
            kind: string;
            outcome?: string;
            request_id?: string | null;
            step?: string;
        };
        /**
         * EventKinds
         * @description `secret` signs the examples, and nothing else: a receiver can be checked against them.
         */
        EventKinds: {
            kinds: components["schemas"]["MessageExample"][];
            secret: string;
        };
        /** ExchangeCode */
        ExchangeCode: {
            /** @default null */
            action?: string | null;
            code: string;
            /** @default null */
            referer?: string | null;
        };
        /**
         * Bot
         * @description Starts a bot (Salesbot) of the account in the deal's conversation.
         */
        "features.automations.effects.Bot": {
            bot_id: number;
            /** @enum {unknown} */
            kind: "bot";
        };
        /**
         * Note
         * @description A note in the deal's feed.
         */
        "features.automations.effects.Note": {
            /** @enum {unknown} */
            kind: "note";
            text: string;
        };
        /**
         * Task
         * @description A task of the deal, due `due_minutes` after the deal has come to the stage; for the deal's responsible user where
         *     none is named.
         */
        "features.automations.effects.Task": {
            /** @default 1440 */
            due_minutes?: number;
            /** @enum {unknown} */
            kind: "task";
            /** @default null */
            responsible_user_id?: number | null;
            /** @default null */
            task_type_id?: number | null;
            text: string;
        };
        /** Place */
        "features.bookings.settings.Place": {
            /** @default  */
            address?: string;
            id: string;
            name: string;
        };
        /** Company */
        "features.calculations.settings.Company": {
            /** @default [] */
            lines?: string[];
            /** @default null */
            logo?: string | null;
            /** @default  */
            name?: string;
        };
        /** Company */
        "features.changes.shapes.Company": {
            contact_ids: number[];
            created_at: number | null;
            fields: components["schemas"]["Field"][];
            id: number;
            lead_ids: number[];
            name: string;
            responsible_user_id: number | null;
            tags: string[];
            updated_at: number | null;
        };
        /** Contact */
        "features.changes.shapes.Contact": {
            created_at: number | null;
            fields: components["schemas"]["Field"][];
            id: number;
            lead_ids: number[];
            name: string;
            responsible_user_id: number | null;
            tags: string[];
            updated_at: number | null;
        };
        /** Note */
        "features.changes.shapes.Note": {
            created_at: number | null;
            created_by: number | null;
            id: number;
            text: string | null;
            type: string | null;
        };
        /**
         * Order
         * @description By the shop's own words.
         */
        "features.changes.shapes.Order": {
            number: string;
            status: string;
            status_before: string | null;
        };
        /** Place */
        "features.changes.shapes.Place": {
            pipeline_id: number | null;
            status_id: number | null;
        };
        /**
         * Task
         * @description `entity_type`: lead, contact, company, customer, or null where it belongs to nothing. `duration`: seconds.
         *     `result`: what was written when it was completed.
         */
        "features.changes.shapes.Task": {
            complete_till: number | null;
            created_at: number | null;
            created_by: number | null;
            duration: number | null;
            entity_id: number | null;
            entity_type: string | null;
            id: number;
            is_completed: boolean;
            responsible_user_id: number | null;
            result: string | null;
            task_type_id: number | null;
            text: string;
            updated_at: number | null;
        };
        /**
         * Contact
         * @description The person. Several phones and e-mails are lists.
         */
        "features.submissions.model.Contact": {
            /** @default  */
            email?: string | string[];
            /** @default  */
            external_id?: string;
            /** @default  */
            first_name?: string;
            /** @default  */
            last_name?: string;
            /** @default  */
            name?: string;
            /** @default  */
            phone?: string | string[];
        };
        /** Order */
        "features.submissions.model.Order": {
            /** @default  */
            address?: string | components["schemas"]["Address"];
            /** @default  */
            comment?: string;
            /** @default  */
            currency?: string;
            /**
             * @default {
             *       "method": "",
             *       "cost": "0"
             *     }
             */
            delivery?: components["schemas"]["OrderDelivery"];
            /** @default null */
            discount?: (string | number) | null;
            items: components["schemas"]["OrderItem"][];
            number: string;
            /** @default  */
            payment?: string;
            /** @default null */
            pipeline_id?: number | null;
            /** @default null */
            responsible_user_id?: number | null;
            /** @default null */
            status_id?: number | null;
            /** Format: decimal */
            total: string | number;
            /** @default  */
            weight?: string | number;
        };
        /**
         * Field
         * @description A custom field that has a value.
         */
        Field: {
            code: string | null;
            id: number | null;
            name: string | null;
            values: unknown[];
        };
        /**
         * FieldRule
         * @description A source field and the field of the deal or contact that it goes to, by id, or by code or name.
         */
        FieldRule: {
            /** @enum {unknown} */
            entity: "contacts" | "leads";
            /** @default null */
            enum?: string | null;
            /** @default null */
            field?: string | null;
            /** @default null */
            field_id?: number | null;
            source: string;
            /**
             * @default text
             * @enum {unknown}
             */
            type?: "checkbox" | "date" | "multiselect" | "numeric" | "select" | "text" | "textarea" | "url";
        };
        /**
         * FieldsAnswer
         * @description Fields of deals or contacts.
         */
        FieldsAnswer: {
            fields: components["schemas"]["CustomField"][];
        };
        /** Form */
        Form: {
            /** @default  */
            id?: string;
            /** @default  */
            name?: string;
            /** @default  */
            page?: string;
            /** @default  */
            referrer?: string;
        };
        /**
         * FoundAnswer
         * @description What stands behind an id or a number.
         */
        FoundAnswer: {
            found: components["schemas"]["SearchResult"][];
        };
        /**
         * FoundContact
         * @description A contact of the account.
         */
        FoundContact: {
            id: number;
            leads: components["schemas"]["FoundDeal"][];
            link: string;
            name: string;
        };
        /**
         * FoundDeal
         * @description A deal of a contact.
         */
        FoundDeal: {
            id: number;
            link: string;
        };
        /**
         * HoldAnswer
         * @description A time that is kept until `expires_at`.
         */
        HoldAnswer: {
            ends_at: string;
            expires_at: string;
            /** Format: uuid */
            hold: string;
            resource: components["schemas"]["Choice"];
            starts_at: string;
        };
        /**
         * HoldSlot
         * @description `resource` null: anybody who is free, at the `place` where one is named.
         */
        HoldSlot: {
            /** @default null */
            action?: string | null;
            /** @default null */
            place?: string | null;
            /** @default null */
            resource?: string | null;
            service: string;
            /** Format: date-time */
            starts_at: string;
        };
        /**
         * IncomingLead
         * @description `category`: forms, chats, mail, sip. Of one that was accepted or declined only its ids are known for sure.
         */
        IncomingLead: {
            category: string | null;
            contact_id: number | null;
            created_at: number | null;
            lead_id: number | null;
            pipeline_id: number | null;
            source_name: string | null;
            uid: string;
        };
        /** IncomingLeadMessage */
        IncomingLeadMessage: {
            account: components["schemas"]["Account"];
            incoming_lead: components["schemas"]["IncomingLead"];
        };
        /** Inherit */
        Inherit: {
            /** @default null */
            action?: string | null;
            /** @enum {unknown} */
            level: "client" | "connection" | "widget";
            /** @default null */
            note?: string | null;
        };
        /** Item */
        Item: {
            /** @default null */
            category?: string | null;
            /** @default null */
            discount?: (string | number) | null;
            name: string;
            /** Format: decimal */
            quantity: string | number;
            /** @default null */
            sku?: string | null;
            unit: string;
            /** Format: decimal */
            unit_price: string | number;
        };
        /**
         * Lead
         * @description A deal as it is now; times are Unix seconds, the price is in the account's currency, with cents where it has
         *     them.
         */
        Lead: {
            closed_at: number | null;
            contact_ids: number[];
            created_at: number | null;
            fields: components["schemas"]["Field"][];
            id: number;
            name: string;
            pipeline_id: number | null;
            price: number | null;
            responsible_user_id: number | null;
            status_id: number | null;
            tags: string[];
            updated_at: number | null;
        };
        /**
         * LeadAnswer
         * @description A deal and the people in it; `client` is the main contact.
         */
        LeadAnswer: {
            client: components["schemas"]["Person"] | null;
            contacts: components["schemas"]["Person"][];
            lead: components["schemas"]["Deal"];
        };
        /** LeadDeleted */
        LeadDeleted: {
            account: components["schemas"]["Account"];
            lead: components["schemas"]["Named"];
        };
        /** LeadMessage */
        LeadMessage: {
            account: components["schemas"]["Account"];
            lead: components["schemas"]["Lead"];
        };
        /** LeadNoteAdded */
        LeadNoteAdded: {
            account: components["schemas"]["Account"];
            lead: components["schemas"]["Named"];
            note: components["schemas"]["features.changes.shapes.Note"];
        };
        /** LeadResponsibleChanged */
        LeadResponsibleChanged: {
            account: components["schemas"]["Account"];
            before: components["schemas"]["Responsible"];
            lead: components["schemas"]["Lead"];
        };
        /**
         * LeadsAnswer
         * @description A page of deals, the latest changed first.
         */
        LeadsAnswer: {
            has_more: boolean;
            leads: components["schemas"]["Deal"][];
            limit: number;
            page: number;
        };
        /** LeadStatusChanged */
        LeadStatusChanged: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["features.changes.shapes.Place"] | null;
            lead: components["schemas"]["Lead"];
        };
        /** LeadUpdated */
        LeadUpdated: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["Earlier"] | null;
            changed: string[] | null;
            lead: components["schemas"]["Lead"];
        };
        /**
         * MessageExample
         * @description `body`: exactly the text that `headers` sign.
         */
        MessageExample: {
            body: string;
            headers: {
                [key: string]: string;
            };
            kind: string;
        };
        /**
         * MoveBooking
         * @description `resource` null: the same doctor. `version`: of the visit as it was seen; somebody else has changed it since:
         *     refused.
         */
        MoveBooking: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
            /** @default null */
            resource?: string | null;
            /** Format: date-time */
            starts_at: string;
            /** @default null */
            version?: number | null;
        };
        /** Named */
        Named: {
            id: number;
        };
        /** NamedAdministrator */
        NamedAdministrator: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
        };
        /** NamedAutomation */
        NamedAutomation: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
        };
        /** NamedDraft */
        NamedDraft: {
            /** @default null */
            action?: string | null;
            /** @enum {unknown} */
            level: "client" | "connection" | "widget";
            /** Format: uuid */
            revision: string;
        };
        /** NamedEndpoint */
        NamedEndpoint: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
        };
        /** OpenCalendar */
        OpenCalendar: {
            /** @default null */
            action?: string | null;
            /** @default true */
            is_on?: boolean;
            resource: string;
        };
        /** OpenSession */
        OpenSession: {
            /** @default null */
            action?: string | null;
            /** @default null */
            lead_id?: number | null;
        };
        /**
         * Options
         * @description What is to become of it in amoCRM.
         */
        Options: {
            /** @default true */
            note?: boolean;
            /**
             * @default none
             * @enum {unknown}
             */
            pdf?: "none" | "render" | "upload";
            /** @default false */
            products?: boolean;
            /** @default null */
            responsible_user_id?: number | null;
            /** @default false */
            update_price?: boolean;
        };
        /**
         * OrderAnswer
         * @description Where an order stands, in the shop's own words.
         */
        OrderAnswer: {
            accepted_at: string;
            number: string;
            status: string | null;
        };
        /** OrderDelivery */
        OrderDelivery: {
            /**
             * Format: decimal
             * @default 0
             */
            cost?: string | number;
            /** @default  */
            method?: string;
        };
        /** OrderItem */
        OrderItem: {
            /** @default null */
            category?: string | string[] | null;
            /** @default null */
            discount?: (string | number) | null;
            name: string;
            /** Format: decimal */
            quantity: string | number;
            /** @default null */
            sku?: string | null;
            unit?: string;
            /** Format: decimal */
            unit_price: string | number;
        };
        /**
         * OrderStatus
         * @description A place of a deal, and the shop's word for it.
         */
        OrderStatus: {
            pipeline_id: number;
            status: string;
            status_id: number;
        };
        /** OrderStatusChanged */
        OrderStatusChanged: {
            account: components["schemas"]["Account"];
            lead: components["schemas"]["Named"];
            order: components["schemas"]["features.changes.shapes.Order"];
        };
        /** Parameter */
        Parameter: {
            name: string;
            value: string;
        };
        /** Pdf */
        Pdf: {
            content_base64: string;
            filename: string;
        };
        /**
         * Person
         * @description A contact of a deal.
         */
        Person: {
            emails: components["schemas"]["ContactValue"][];
            first_name: string;
            id: number;
            is_main: boolean;
            last_name: string;
            name: string;
            phones: components["schemas"]["ContactValue"][];
        };
        /**
         * Phone
         * @description As it was typed.
         */
        Phone: {
            /** @default null */
            action?: string | null;
            phone: string;
        };
        /** Pipeline */
        Pipeline: {
            id: number;
            is_main: boolean;
            name: string;
            statuses: components["schemas"]["Status"][];
        };
        /**
         * PipelinesAnswer
         * @description The main one first.
         */
        PipelinesAnswer: {
            pipelines: components["schemas"]["Pipeline"][];
        };
        /** Preview */
        Preview: {
            /** @default null */
            action?: string | null;
            /**
             * @default {
             *       "name": "",
             *       "lines": [],
             *       "logo": null
             *     }
             */
            company?: components["schemas"]["features.calculations.settings.Company"];
            /** @default null */
            language?: ("en" | "es" | "pt" | "ru" | "uk" | "uz") | null;
            /**
             * @default {
             *       "heading": null,
             *       "note_heading": null,
             *       "closing": null
             *     }
             */
            template?: components["schemas"]["Template"];
        };
        /**
         * PreviewAnswer
         * @description The note's text, the quotation's first page as a PNG in Base64, and letters that no font of it has.
         */
        PreviewAnswer: {
            missing_letters: string;
            note: string;
            page: string;
        };
        /**
         * PreviewIncoming
         * @description Rules that are not saved yet, as members of `submissions`, for the latest bodies of a key.
         */
        PreviewIncoming: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            key: string;
            /** @default [] */
            mapping?: components["schemas"]["FieldRule"][];
            /** @default {} */
            meanings?: {
                [key: string]: "comment" | "email" | "field" | "first_name" | "form" | "last_name" | "name" | "nothing" | "page" | "phone" | "referrer" | "visit";
            };
        };
        /**
         * ProblemSummary
         * @description Why a write is not in amoCRM yet, or a connection does not work.
         */
        ProblemSummary: {
            code: string;
            detail: string;
        };
        /** Publish */
        Publish: {
            /** @default null */
            action?: string | null;
            /** @enum {unknown} */
            level: "client" | "connection" | "widget";
            /** @default null */
            note?: string | null;
            /** Format: uuid */
            revision: string;
        };
        /**
         * Quotation
         * @description A PDF of the goods that stand in the deal, in its files and its feed.
         */
        Quotation: {
            /** @enum {unknown} */
            kind: "quotation";
            /** @default null */
            title?: string | null;
        };
        /** ReadAgain */
        ReadAgain: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
        };
        /**
         * ReadDaysOff
         * @description A file of a calendar, as text.
         */
        ReadDaysOff: {
            /** @default null */
            action?: string | null;
            calendar: string;
        };
        /**
         * ReleaseAnswer
         * @description `released` is false where it was not held any more.
         */
        ReleaseAnswer: {
            released: boolean;
        };
        /** ReleaseSlot */
        ReleaseSlot: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            hold: string;
        };
        /** ReplaceHookKey */
        ReplaceHookKey: {
            /** @default null */
            action?: string | null;
        };
        /**
         * ReplayChanges
         * @description Either `ids`, or a span of time; of what the endpoint asks for, whether it was told or not.
         */
        ReplayChanges: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            endpoint_id: string;
            /** @default null */
            ids?: string[] | null;
            /** @default null */
            since?: string | null;
            /** @default null */
            until?: string | null;
        };
        /**
         * Resource
         * @description A doctor, or a room. What is null is the company's: hours, place.
         */
        Resource: {
            /** @default [] */
            days_off?: components["schemas"]["DaysOff"][];
            /** @default null */
            hours?: components["schemas"]["Week"] | null;
            id: string;
            /** @default true */
            is_on?: boolean;
            /** @default false */
            is_room?: boolean;
            name: string;
            /** @default null */
            place?: string | null;
            /** @default [] */
            special_days?: components["schemas"]["SpecialDay"][];
            /** @default null */
            user_id?: number | null;
        };
        /**
         * ResourceOffered
         * @description Who, or which room.
         */
        ResourceOffered: {
            id: string;
            name: string;
            place: string | null;
        };
        /** Responsible */
        Responsible: {
            responsible_user_id: number | null;
        };
        /** RetryDelivery */
        RetryDelivery: {
            /** @default null */
            action?: string | null;
            /** @default null */
            id?: string | null;
            /** @default [] */
            ids?: string[];
        };
        /** RevokeInstallLink */
        RevokeInstallLink: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
        };
        /** RevokeSiteKey */
        RevokeSiteKey: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
        };
        /**
         * Route
         * @description Where an order goes that holds goods of this category, or of one below it.
         */
        Route: {
            category: string;
            /** @default null */
            pipeline_id?: number | null;
            /** @default null */
            responsible_user_id?: number | null;
            /** @default null */
            status_id?: number | null;
        };
        /**
         * SaveAdministrator
         * @description Both are replaced. Another `email`, or none, ends what was signed in by the issuer with the one before.
         *     `revision`: of `get_administrators`, so that nobody else's change is overwritten; null saves in any case.
         */
        SaveAdministrator: {
            /** @default null */
            action?: string | null;
            /** @default null */
            email?: string | null;
            /** Format: uuid */
            id: string;
            /** @default null */
            revision?: string | null;
            /** @enum {unknown} */
            rights: "manage" | "operate" | "see";
        };
        /**
         * SaveAutomation
         * @description A new one has no `id`. `url` belongs to a call; null keeps the address. `revision`: of `get_automations`, so that
         *     nobody else's change is overwritten; null saves in any case.
         */
        SaveAutomation: {
            /** @default null */
            action?: string | null;
            /** @default null */
            id?: string | null;
            /** @default true */
            is_on?: boolean;
            name: string;
            /** @default null */
            revision?: string | null;
            /** @default null */
            url?: string | null;
            work: components["schemas"]["features.automations.effects.Note"] | components["schemas"]["features.automations.effects.Task"] | components["schemas"]["Quotation"] | components["schemas"]["Call"] | components["schemas"]["features.automations.effects.Bot"];
        };
        /**
         * SaveCalculation
         * @description The body of `save_calculation`. `lead_id` may come in the header `X-Lead-Id` instead.
         */
        SaveCalculation: {
            /** @default null */
            action?: string | null;
            calculation: components["schemas"]["Calculation"];
            /** @default null */
            calculator?: components["schemas"]["ByCalculator"] | null;
            /** @default null */
            lead_id?: number | null;
            /**
             * @default {
             *       "note": true,
             *       "products": false,
             *       "pdf": "none",
             *       "update_price": false,
             *       "responsible_user_id": null
             *     }
             */
            options?: components["schemas"]["Options"];
            /** @default null */
            pdf?: components["schemas"]["Pdf"] | null;
        };
        /** SaveConnection */
        SaveConnection: {
            account_domain: string;
            /** @default null */
            action?: string | null;
            client_id: string;
            /** @default null */
            client_secret?: string | null;
            /** @default null */
            language?: string | null;
            widget_type: string;
        };
        /**
         * SaveDraft
         * @description `revision`: of the draft that was changed; null for the first.
         */
        SaveDraft: {
            /** @default null */
            action?: string | null;
            document: Record<string, never>;
            /** @enum {unknown} */
            level: "client" | "connection" | "widget";
            /** @default null */
            revision?: string | null;
        };
        /**
         * SaveEndpoint
         * @description A new one has no `id`. Empty lists stand for everything. `kinds`: names of the messages, or patterns such as
         *     `task.*` and `*.note_added`; `stages` are stages of their pipelines, where `pipelines` and `statuses`, each of which
         *     a deal must be in, too, would be more; `fields` are names as `changed` has them. `revision`: of `get_endpoints`, so
         *     that nobody else's change is overwritten; null saves in any case.
         */
        SaveEndpoint: {
            /** @default null */
            action?: string | null;
            /** @default [] */
            fields?: string[];
            /** @default null */
            id?: string | null;
            /** @default true */
            is_on?: boolean;
            /** @default [] */
            kinds?: string[];
            name: string;
            /** @default [] */
            pipelines?: number[];
            /** @default null */
            revision?: string | null;
            /** @default [] */
            stages?: components["schemas"]["Stage"][];
            /** @default [] */
            statuses?: number[];
            /** @default null */
            url?: string | null;
        };
        /**
         * SaveSettings
         * @description All that the level sets; what is left out or null is inherited, and has its default at last. `revision`: of `get_settings`, so that nobody else's change is overwritten; null saves in any case.
         */
        SaveSettings: {
            /** @default null */
            action?: string | null;
            /**
             * @default {
             *       "is_on": false,
             *       "time_zone": "Europe/Moscow",
             *       "hours": {
             *         "monday": [
             *           "09:00-18:00"
             *         ],
             *         "tuesday": [
             *           "09:00-18:00"
             *         ],
             *         "wednesday": [
             *           "09:00-18:00"
             *         ],
             *         "thursday": [
             *           "09:00-18:00"
             *         ],
             *         "friday": [
             *           "09:00-18:00"
             *         ],
             *         "saturday": [],
             *         "sunday": []
             *       },
             *       "days_off": [],
             *       "special_days": [],
             *       "places": [],
             *       "resources": [],
             *       "services": [],
             *       "step_minutes": 15,
             *       "ahead_days": 60,
             *       "notice_minutes": 60,
             *       "hold_minutes": 10,
             *       "currency": "RUB",
             *       "pipeline_id": null,
             *       "status_id": null,
             *       "cancelled_status_id": null,
             *       "goods": true,
             *       "most_per_phone": 3
             *     }
             */
            bookings?: components["schemas"]["Bookings"];
            /**
             * @default {
             *       "is_on": false,
             *       "message_texts": false,
             *       "order_statuses": []
             *     }
             */
            changes?: components["schemas"]["Changes"];
            /**
             * @default {
             *       "name": "",
             *       "lines": [],
             *       "logo": null
             *     }
             */
            company?: components["schemas"]["features.calculations.settings.Company"];
            /** @default null */
            language?: ("en" | "es" | "pt" | "ru" | "uk" | "uz") | null;
            /**
             * @default connection
             * @enum {unknown}
             */
            level?: "client" | "connection" | "widget";
            /** @default null */
            reckoned_by?: ("server" | "widget") | null;
            /** @default null */
            revision?: string | null;
            /**
             * @default {
             *       "forms": {
             *         "mode": "lead",
             *         "pipeline_id": null,
             *         "status_id": null,
             *         "required": [],
             *         "tags": [],
             *         "title": null
             *       },
             *       "orders": {
             *         "mode": "lead",
             *         "pipeline_id": null,
             *         "status_id": null,
             *         "required": [],
             *         "tags": [],
             *         "title": null
             *       },
             *       "phone_country": "",
             *       "responsible_user_ids": [],
             *       "mapping": [],
             *       "meanings": {},
             *       "phone_enum": "WORK",
             *       "email_enum": "WORK",
             *       "read_only": [],
             *       "skip_empty": true,
             *       "create_fields": true,
             *       "routes": [],
             *       "category_parents": {},
             *       "routing_beats_order": true,
             *       "queue": false,
             *       "time_trap_seconds": 2
             *     }
             */
            submissions?: components["schemas"]["Submissions"];
            /**
             * @default {
             *       "heading": null,
             *       "note_heading": null,
             *       "closing": null
             *     }
             */
            template?: components["schemas"]["Template"];
        };
        /** SaveToken */
        SaveToken: {
            /** @default null */
            action?: string | null;
            token: string;
        };
        /**
         * Search
         * @description What was typed.
         */
        Search: {
            /** @default null */
            action?: string | null;
            q: string;
        };
        /**
         * SearchResult
         * @description `kind`: delivery, incoming, change, booking, deal, event. A line of the log may belong to no connection.
         */
        SearchResult: {
            account_domain: string | null;
            created_at: string;
            id: string;
            kind: string;
            widget_type: string | null;
        };
        /** Service */
        Service: {
            /** @default 0 */
            buffer_minutes?: number;
            id: string;
            /** @default true */
            is_public?: boolean;
            /** @default 30 */
            minutes?: number;
            name: string;
            /** @default null */
            price?: (string | number) | null;
            /** @default [] */
            resources?: string[];
            /** @default [] */
            rooms?: string[];
            /** @default null */
            sku?: string | null;
        };
        /**
         * ServiceOffered
         * @description What can be booked.
         */
        ServiceOffered: {
            currency: string;
            id: string;
            minutes: number;
            name: string;
            price: string | null;
            resources: string[];
        };
        /**
         * ServicesAnswer
         * @description What a company offers, and in which time zone its hours are.
         */
        ServicesAnswer: {
            account_currency: string | null;
            ahead_days: number;
            places: components["schemas"]["features.bookings.settings.Place"][];
            resources: components["schemas"]["ResourceOffered"][];
            services: components["schemas"]["ServiceOffered"][];
            step_minutes: number;
            time_zone: string;
            /** Format: date */
            today: string;
        };
        /**
         * Session
         * @description For the page in an iframe; `pages` are what the card of a deal shows.
         */
        Session: {
            expires_in: number;
            lead_id: number | null;
            pages: string[];
            session_token: string;
        };
        /**
         * SetAttendance
         * @description null takes it back. `version`: as in `move_booking`.
         */
        SetAttendance: {
            /** @default null */
            action?: string | null;
            /** @default null */
            attendance?: ("came" | "missed") | null;
            /** Format: uuid */
            id: string;
            /** @default null */
            version?: number | null;
        };
        /** Bot */
        "shared.amocrm.directory.Bot": {
            id: number;
            is_active: boolean;
            name: string;
        };
        /**
         * SignSiteKey
         * @description The secret with which the site builder or the shop signs; null takes it away.
         */
        SignSiteKey: {
            /** @default null */
            action?: string | null;
            /** Format: uuid */
            id: string;
            secret: string | null;
        };
        /**
         * SlotOffered
         * @description A time, and who is free then.
         */
        SlotOffered: {
            resources: string[];
            starts_at: string;
        };
        /**
         * SlotsAnswer
         * @description Free times by day.
         */
        SlotsAnswer: {
            days: components["schemas"]["DayOffered"][];
            time_zone: string;
        };
        /**
         * SpecialDay
         * @description A day with hours of its own, also within days off.
         */
        SpecialDay: {
            /** Format: date */
            day: string;
            /** @default [] */
            hours?: string[];
        };
        /**
         * Stage
         * @description A stage of a pipeline; null: whichever.
         */
        Stage: {
            /** @default null */
            pipeline_id?: number | null;
            /** @default null */
            status_id?: number | null;
        };
        /** StartConnection */
        StartConnection: {
            /** @default null */
            action?: string | null;
            /** @default null */
            language?: string | null;
            /** @default null */
            return_to?: string | null;
        };
        /** StartInstallation */
        StartInstallation: {
            /** @default null */
            action?: string | null;
            /** @default null */
            language?: string | null;
            /**
             * @default post_message
             * @enum {unknown}
             */
            mode?: "popup" | "post_message";
            /** @default null */
            name?: string | null;
            /** @default null */
            origin?: string | null;
            /**
             * @default amocrm
             * @enum {unknown}
             */
            platform?: "amocrm" | "kommo";
            /** @default null */
            return_to?: string | null;
            widget_type: string;
        };
        /** Status */
        Status: {
            id: number;
            /** @default false */
            is_unsorted?: boolean;
            name: string;
        };
        /**
         * StatusAnswer
         * @description One connection, or a page of them.
         */
        StatusAnswer: {
            connection?: components["schemas"]["Connection"];
            connections?: components["schemas"]["Connection"][];
            hook_url: string;
            next?: string | null;
            redirect_uri: string;
            widget_url: string;
        };
        /**
         * SubmissionAnswer
         * @description `received`: it is not in amoCRM yet; `delivered`: it is. An incoming lead is `waiting` for a person, who has
         *     `accepted` or `declined` it. `failed`: a person of the company has to look after it.
         */
        SubmissionAnswer: {
            accepted_at: string | null;
            id: string;
            /** @enum {unknown} */
            status: "accepted" | "declined" | "delivered" | "failed" | "received" | "waiting";
        };
        /**
         * Submissions
         * @description Forms, orders and contacts of a site (rows C2-C9).
         */
        Submissions: {
            /** @default {} */
            category_parents?: {
                [key: string]: string;
            };
            /** @default true */
            create_fields?: boolean;
            /**
             * @default WORK
             * @enum {unknown}
             */
            email_enum?: "OTHER" | "PRIV" | "WORK";
            /**
             * @default {
             *       "mode": "lead",
             *       "pipeline_id": null,
             *       "status_id": null,
             *       "required": [],
             *       "tags": [],
             *       "title": null
             *     }
             */
            forms?: components["schemas"]["Destination"];
            /** @default [] */
            mapping?: components["schemas"]["FieldRule"][];
            /** @default {} */
            meanings?: {
                [key: string]: "comment" | "email" | "field" | "first_name" | "form" | "last_name" | "name" | "nothing" | "page" | "phone" | "referrer" | "visit";
            };
            /**
             * @default {
             *       "mode": "lead",
             *       "pipeline_id": null,
             *       "status_id": null,
             *       "required": [],
             *       "tags": [],
             *       "title": null
             *     }
             */
            orders?: components["schemas"]["Destination"];
            /** @default  */
            phone_country?: string;
            /**
             * @default WORK
             * @enum {unknown}
             */
            phone_enum?: "FAX" | "HOME" | "MOB" | "OTHER" | "WORK" | "WORKDD";
            /** @default false */
            queue?: boolean;
            /** @default [] */
            read_only?: string[];
            /** @default [] */
            responsible_user_ids?: number[];
            /** @default [] */
            routes?: components["schemas"]["Route"][];
            /** @default true */
            routing_beats_order?: boolean;
            /** @default true */
            skip_empty?: boolean;
            /** @default 2 */
            time_trap_seconds?: number;
        };
        /**
         * SubmitForm
         * @description The body of `submit_form`.
         */
        SubmitForm: {
            /** @default null */
            action?: string | null;
            /** @default  */
            comment?: string;
            /**
             * @default {
             *       "name": "",
             *       "first_name": "",
             *       "last_name": "",
             *       "phone": "",
             *       "email": "",
             *       "external_id": ""
             *     }
             */
            contact?: components["schemas"]["features.submissions.model.Contact"];
            currency?: string;
            /** @default {} */
            fields?: {
                [key: string]: string | boolean | number | (string | boolean | number | null)[] | null;
            };
            /**
             * @default {
             *       "id": "",
             *       "name": "",
             *       "page": "",
             *       "referrer": ""
             *     }
             */
            form?: components["schemas"]["Form"];
            /** @default null */
            opened_at?: number | null;
            /** @default null */
            price?: number | null;
            sent_at?: number | null;
            /** @default [] */
            tags?: string[];
            /** @default {} */
            tracking?: {
                [key: string]: string;
            };
            /** @default  */
            trap?: string;
        };
        /**
         * SubmitOrder
         * @description The body of `submit_order`.
         */
        SubmitOrder: {
            /** @default null */
            action?: string | null;
            /**
             * @default {
             *       "name": "",
             *       "first_name": "",
             *       "last_name": "",
             *       "phone": "",
             *       "email": "",
             *       "external_id": ""
             *     }
             */
            contact?: components["schemas"]["features.submissions.model.Contact"];
            /** @default {} */
            fields?: {
                [key: string]: string | boolean | number | (string | boolean | number | null)[] | null;
            };
            /** @default null */
            opened_at?: number | null;
            order: components["schemas"]["features.submissions.model.Order"];
            sent_at?: number | null;
            /** @default [] */
            tags?: string[];
            /** @default {} */
            tracking?: {
                [key: string]: string;
            };
            /** @default  */
            trap?: string;
        };
        /**
         * SubscribeCalendar
         * @description `url`: where the calendar is, also with `webcal://`; null: it is not read any more.
         */
        SubscribeCalendar: {
            /** @default null */
            action?: string | null;
            resource: string;
            /** @default null */
            url?: string | null;
        };
        /**
         * SyncContact
         * @description The body of `sync_contact`: a person as the site knows them now.
         */
        SyncContact: {
            /** @default null */
            action?: string | null;
            contact: components["schemas"]["features.submissions.model.Contact"];
            /** @default {} */
            fields?: {
                [key: string]: string | boolean | number | (string | boolean | number | null)[] | null;
            };
        };
        /**
         * Talk
         * @description `entity_type`: lead, customer, or null.
         */
        Talk: {
            chat_id: string | null;
            contact_id: number | null;
            created_at: number | null;
            entity_id: number | null;
            entity_type: string | null;
            id: number;
            is_in_work: boolean;
            is_read: boolean;
            origin: string | null;
            rate: number | null;
            updated_at: number | null;
        };
        /** TalkBefore */
        TalkBefore: {
            /** @default null */
            contact_id?: number | null;
            /** @default null */
            entity_id?: number | null;
            /** @default null */
            is_in_work?: boolean | null;
            /** @default null */
            is_read?: boolean | null;
            /** @default null */
            rate?: number | null;
        };
        /** TalkChanged */
        TalkChanged: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["TalkBefore"] | null;
            changed: string[] | null;
            talk: components["schemas"]["Talk"];
        };
        /** TalkMessage */
        TalkMessage: {
            account: components["schemas"]["Account"];
            talk: components["schemas"]["Talk"];
        };
        /**
         * TaskBefore
         * @description Earlier values of what has changed; of everything else `changed` has the name only.
         */
        TaskBefore: {
            /** @default null */
            complete_till?: number | null;
            /** @default null */
            is_completed?: boolean | null;
            /** @default null */
            task_type_id?: number | null;
        };
        /** TaskChanged */
        TaskChanged: {
            account: components["schemas"]["Account"];
            /** @default null */
            before?: components["schemas"]["TaskBefore"] | null;
            changed: string[] | null;
            task: components["schemas"]["features.changes.shapes.Task"];
        };
        /** TaskDeleted */
        TaskDeleted: {
            account: components["schemas"]["Account"];
            task: components["schemas"]["Named"];
        };
        /** TaskMessage */
        TaskMessage: {
            account: components["schemas"]["Account"];
            task: components["schemas"]["features.changes.shapes.Task"];
        };
        /** TaskResponsibleChanged */
        TaskResponsibleChanged: {
            account: components["schemas"]["Account"];
            before: components["schemas"]["Responsible"];
            task: components["schemas"]["features.changes.shapes.Task"];
        };
        /**
         * Template
         * @description What notes and quotations say around the figures; null is the widget type's own text.
         */
        Template: {
            /** @default null */
            closing?: string | null;
            /** @default null */
            heading?: string | null;
            /** @default null */
            note_heading?: string | null;
        };
        /**
         * TestMessage
         * @description Somebody tries the endpoint.
         */
        TestMessage: {
            account: components["schemas"]["Account"];
        };
        /** User */
        User: {
            id: number;
            is_admin: boolean;
            name: string;
        };
        /**
         * UsersAnswer
         * @description Without those who were switched off.
         */
        UsersAnswer: {
            users: components["schemas"]["User"][];
        };
        /**
         * Visit
         * @description A booking; moments are local times of the company with their offset. `visitor` is null for whoever may not see
         *     them, `lead_id` for public pages.
         */
        Visit: {
            attendance: ("came" | "missed") | null;
            attention: string | null;
            currency: string;
            ends_at: string;
            /** Format: uuid */
            id: string;
            is_in_amocrm: boolean;
            lead_id: number | null;
            place: string | null;
            price: string | null;
            resource: components["schemas"]["Choice"];
            room: string | null;
            service: components["schemas"]["Choice"];
            starts_at: string;
            /** @enum {unknown} */
            state: "booked" | "cancelled" | "held";
            version: number;
            visitor: components["schemas"]["Visitor"] | null;
        };
        /**
         * Visitor
         * @description Who comes.
         */
        Visitor: {
            comment: string;
            email: string;
            name: string;
            phone: string;
        };
        /**
         * VisitorGiven
         * @description Who comes. On a site a name, and a phone or an e-mail; in a deal card all may be empty.
         */
        VisitorGiven: {
            /** @default  */
            email?: string;
            /** @default  */
            name?: string;
            /** @default  */
            phone?: string;
        };
        /**
         * Week
         * @description Working hours by weekday; breaks are what lies between two spans.
         */
        Week: {
            /** @default [] */
            friday?: string[];
            /** @default [] */
            monday?: string[];
            /** @default [] */
            saturday?: string[];
            /** @default [] */
            sunday?: string[];
            /** @default [] */
            thursday?: string[];
            /** @default [] */
            tuesday?: string[];
            /** @default [] */
            wednesday?: string[];
        };
        /**
         * WriteStatus
         * @description What a write has come to; `results` are by its steps.
         */
        WriteStatus: {
            /** Format: uuid */
            delivery_id: string;
            problem?: components["schemas"]["ProblemSummary"] | null;
            results?: {
                [key: string]: Record<string, never>;
            };
            retry_after?: number;
            /** @enum {unknown} */
            state: "accepted" | "delivered";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    accept_without_person: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcceptWithoutPerson"];
            };
        };
        responses: never;
    };
    book: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Book"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookAnswer"];
                };
            };
        };
    };
    cancel_booking: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelBooking"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingAnswer"];
                };
            };
        };
    };
    check_calculator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckCalculator"];
            };
        };
        responses: never;
    };
    connection_status: {
        parameters: {
            query?: {
                after?: string;
                limit?: string;
                search?: string;
                status?: string;
                todo?: string;
                trouble?: string;
                widget_type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
        };
    };
    create_administrator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAdministrator"];
            };
        };
        responses: never;
    };
    create_install_link: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateInstallLink"];
            };
        };
        responses: never;
    };
    create_site_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSiteKey"];
            };
        };
        responses: never;
    };
    discard_calculator_draft: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedDraft"];
            };
        };
        responses: never;
    };
    disconnect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionAnswer"];
                };
            };
        };
    };
    exchange_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExchangeCode"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionAnswer"];
                };
            };
        };
    };
    find_contacts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Phone"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactsAnswer"];
                };
            };
        };
    };
    get_account: {
        parameters: {
            query?: {
                refresh?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountAnswer"];
                };
            };
        };
    };
    get_administrator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_administrators: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_automations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_bookings: {
        parameters: {
            query?: {
                after?: string;
                from?: string;
                needs_a_person?: string;
                resource?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingsAnswer"];
                };
            };
        };
    };
    get_bots: {
        parameters: {
            query?: {
                refresh?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BotsAnswer"];
                };
            };
        };
    };
    get_calculator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalculatorAnswer"];
                };
            };
        };
    };
    get_calculator_draft: {
        parameters: {
            query?: {
                level?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_calculator_version: {
        parameters: {
            query?: {
                level?: string;
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_catalogs: {
        parameters: {
            query?: {
                refresh?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogsAnswer"];
                };
            };
        };
    };
    get_changes: {
        parameters: {
            query?: {
                before?: string;
                content?: string;
                id?: string;
                limit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_custom_fields: {
        parameters: {
            query?: {
                entity?: string;
                refresh?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FieldsAnswer"];
                };
            };
        };
    };
    get_deliveries: {
        parameters: {
            query?: {
                before?: string;
                lead_id?: string;
                limit?: string;
                since?: string;
                state?: string;
                until?: string;
                write?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_delivery: {
        parameters: {
            query?: {
                content?: string;
                id?: string;
                key?: string;
                write?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryAnswer"];
                };
            };
        };
    };
    get_endpoints: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_event_kinds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventKinds"];
                };
            };
        };
    };
    get_events: {
        parameters: {
            query?: {
                before?: string;
                delivery_id?: string;
                level?: string;
                limit?: string;
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_incoming: {
        parameters: {
            query?: {
                before?: string;
                key?: string;
                limit?: string;
                outcome?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_incoming_entry: {
        parameters: {
            query?: {
                content?: string;
                id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_install_links: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_lead: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeadAnswer"];
                };
            };
        };
    };
    get_leads: {
        parameters: {
            query?: {
                limit?: string;
                page?: string;
                pipeline_id?: string;
                query?: string;
                responsible_user_id?: string;
                status_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeadsAnswer"];
                };
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_order: {
        parameters: {
            query?: {
                number?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderAnswer"];
                };
            };
        };
    };
    get_overview: {
        parameters: {
            query?: {
                period?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_pipelines: {
        parameters: {
            query?: {
                refresh?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PipelinesAnswer"];
                };
            };
        };
    };
    get_services: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServicesAnswer"];
                };
            };
        };
    };
    get_settings: {
        parameters: {
            query?: {
                level?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_site_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_slots: {
        parameters: {
            query?: {
                booking?: string;
                from?: string;
                place?: string;
                resource?: string;
                service?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlotsAnswer"];
                };
            };
        };
    };
    get_submission: {
        parameters: {
            query?: {
                id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionAnswer"];
                };
            };
        };
    };
    get_subscriptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_users: {
        parameters: {
            query?: {
                refresh?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsersAnswer"];
                };
            };
        };
    };
    hold_slot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HoldSlot"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldAnswer"];
                };
            };
        };
    };
    inherit_calculator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Inherit"];
            };
        };
        responses: never;
    };
    move_booking: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveBooking"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingAnswer"];
                };
            };
        };
    };
    open_calendar: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenCalendar"];
            };
        };
        responses: never;
    };
    open_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenSession"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    preview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Preview"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreviewAnswer"];
                };
            };
        };
    };
    preview_incoming: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewIncoming"];
            };
        };
        responses: never;
    };
    publish_calculator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Publish"];
            };
        };
        responses: never;
    };
    read_again: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadAgain"];
            };
        };
        responses: never;
    };
    read_days_off: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadDaysOff"];
            };
        };
        responses: never;
    };
    release_slot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseSlot"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReleaseAnswer"];
                };
            };
        };
    };
    remove_automation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedAutomation"];
            };
        };
        responses: never;
    };
    remove_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedEndpoint"];
            };
        };
        responses: never;
    };
    renew_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedAdministrator"];
            };
        };
        responses: never;
    };
    replace_automation_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedAutomation"];
            };
        };
        responses: never;
    };
    replace_endpoint_secret: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedEndpoint"];
            };
        };
        responses: never;
    };
    replace_hook_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplaceHookKey"];
            };
        };
        responses: never;
    };
    replay_changes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayChanges"];
            };
        };
        responses: never;
    };
    retry_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryDelivery"];
            };
        };
        responses: never;
    };
    revoke_administrator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedAdministrator"];
            };
        };
        responses: never;
    };
    revoke_install_link: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevokeInstallLink"];
            };
        };
        responses: never;
    };
    revoke_site_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevokeSiteKey"];
            };
        };
        responses: never;
    };
    save_administrator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveAdministrator"];
            };
        };
        responses: never;
    };
    save_automation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveAutomation"];
            };
        };
        responses: never;
    };
    save_calculation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveCalculation"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteStatus"];
                };
            };
        };
    };
    save_calculator_draft: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveDraft"];
            };
        };
        responses: never;
    };
    save_connection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveConnection"];
            };
        };
        responses: never;
    };
    save_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveEndpoint"];
            };
        };
        responses: never;
    };
    save_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveSettings"];
            };
        };
        responses: never;
    };
    save_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveToken"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionAnswer"];
                };
            };
        };
    };
    search: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundAnswer"];
                };
            };
        };
    };
    set_attendance: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetAttendance"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingAnswer"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    sign_site_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignSiteKey"];
            };
        };
        responses: never;
    };
    start_connection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartConnection"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentAnswer"];
                };
            };
        };
    };
    start_installation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartInstallation"];
            };
        };
        responses: never;
    };
    submit_form: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitForm"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteStatus"];
                };
            };
        };
    };
    submit_order: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitOrder"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteStatus"];
                };
            };
        };
    };
    subscribe_calendar: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubscribeCalendar"];
            };
        };
        responses: never;
    };
    sync_contact: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SyncContact"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteStatus"];
                };
            };
        };
    };
    test_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamedEndpoint"];
            };
        };
        responses: never;
    };
}
