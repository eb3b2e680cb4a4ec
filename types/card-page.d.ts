// What amoCRM's page has for a widget's script (web/widget/archive/script.js): as much of it as ours uses.

interface AmocrmWidget {
  callbacks: Record<string, unknown>;
  system(): { area: string; language?: string };
  get_settings(): { widget_code: string };
  i18n(key: string): string;
  render_template(template: { caption: { class_name: string }; body: string; render: string }): void;
  /** An $.ajax that carries a one-time token; its answer is a jQuery promise. */
  $authorizedAjax(request: Record<string, unknown>): AmocrmAnswer;
}

interface AmocrmAnswer {
  done(then: (session: { session_token: string; pages?: string[] }) => void): AmocrmAnswer;
  fail(then: (answer?: { status?: number; responseJSON?: { detail?: string } }) => void): AmocrmAnswer;
}

interface AmocrmPage {
  lang_id?: string;
  data: { current_card: { id: number } };
}

declare const APP: AmocrmPage;
interface Window {
  APP?: AmocrmPage;
}
/** `$` is the page's jQuery, whose types are not ours to keep. */
declare function define(modules: string[], make: ($: any) => unknown): void;
