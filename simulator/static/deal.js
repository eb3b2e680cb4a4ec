// The deal page of the simulated amoCRM: its feed, goods and price.
const feed = document.getElementById("feed");
const noNotes = document.getElementById("no-notes");
const goodsList = document.getElementById("goods");
const noGoods = document.getElementById("no-goods");
const price = document.getElementById("price");

async function showFeed() {
  const answer = await fetch(`${location.pathname}/feed`);
  if (!answer.ok) return;
  const { notes, goods, price: budget } = await answer.json();
  price.textContent = budget.toLocaleString(document.documentElement.lang, { minimumFractionDigits: Number.isInteger(budget) ? 0 : 2 });
  noNotes.hidden = notes.length > 0;
  noGoods.hidden = goods.length > 0;
  goodsList.replaceChildren(...goods.map(({ name, quantity }) => {
    const item = document.createElement("li");
    item.textContent = `${name} — ${quantity.toLocaleString(document.documentElement.lang)}`;
    return item;
  }));
  feed.replaceChildren(...notes.map(({ at, text, file }) => {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = new Date(at * 1000).toLocaleString(document.documentElement.lang);
    item.append(time, text);
    if (file) item.append(Object.assign(document.createElement("a"), { href: file.url, textContent: file.name, target: "_blank" }));
    return item;
  }));
}

await showFeed();
setInterval(showFeed, 3000);
