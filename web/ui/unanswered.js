// What a page says whose words did not come: "server.silent" and "again" of each catalogue.

/** @type {Record<string, [string, string]>} */
export const said = {
  en: ["The server does not answer. Check the connection and try again.", "Try again"],
  ru: ["Сервер не отвечает. Проверьте связь и повторите.", "Повторить"],
  uk: ["Сервер не відповідає. Перевірте зв’язок і повторіть.", "Повторити"],
  uz: ["Server javob bermayapti. Aloqani tekshirib, qayta urining.", "Qaytadan"],
  es: ["El servidor no responde. Revise la conexión e inténtelo otra vez.", "Reintentar"],
  pt: ["O servidor não responde. Verifique a conexão e tente de novo.", "Tentar de novo"],
};
