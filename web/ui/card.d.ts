// Types of card.js, for pages of one's own that are bundled.

export interface InCard {
  /** The deal's id. */
  lead: string;
  /** What the card of a deal shows: `bookings`, `calculator`. */
  pages: string[];
  /** For `connect({ api, lead, ...access })`. */
  access: { token: () => string; fetch: typeof fetch };
}

export function inCard(given?: URLSearchParams): InCard;
