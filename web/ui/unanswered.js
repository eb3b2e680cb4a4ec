// What a page says whose words or scripts did not come, or which its browser is too old for: "server.silent", "again" and
// "browser.old" of each catalogue.

/** @type {Record<string, [string, string, string]>} */
export const said = {
  en: ["The server does not answer. Check the connection and try again.", "Try again", "This browser is too old for this page. Open it in another one."],
  ru: ["Сервер не отвечает. Проверьте связь и повторите.", "Повторить", "Этот браузер слишком стар для этой страницы. Откройте её в другом."],
  uk: ["Сервер не відповідає. Перевірте зв’язок і повторіть.", "Повторити", "Цей браузер застарий для цієї сторінки. Відкрийте її в іншому."],
  uz: ["Server javob bermayapti. Aloqani tekshirib, qayta urining.", "Qaytadan", "Bu brauzer bu sahifa uchun juda eski. Sahifani boshqa brauzerda oching."],
  es: ["El servidor no responde. Revise la conexión e inténtelo otra vez.", "Reintentar", "Este navegador es demasiado antiguo para esta página. Ábrala en otro."],
  pt: ["O servidor não responde. Verifique a conexão e tente de novo.", "Tentar de novo", "Este navegador é antigo demais para esta página. Abra-a em outro."],
};
