// Mode "popup": amoCRM tells the page that opened its window where to go, and closes. Without such a page nothing happens.
const message = JSON.parse(document.getElementById("message").textContent);
if (window.opener) {
  window.opener.postMessage(message, "*");
  window.close();
} else {
  document.getElementById("said").textContent = "Страница, открывшая это окно, не найдена: код никому не передан.";
}
