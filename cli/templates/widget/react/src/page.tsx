// A page of one's own in the deal card, with React and amoCRM's own components. `make widget-pages` (also a part of
// `make demo` and `make package`) bundles it into page/page.js and page/page.css.

import "./styles.js";

import { Button, ButtonPrimaryTheme } from "@kommo-crm/crm-react-ui-kit/Button";
import { Input, InputLightTheme } from "@kommo-crm/crm-react-ui-kit/Input";
import "@kommo-crm/crm-react-ui-kit/assets/theme.css";
import { useEffect, useState, type FormEvent } from "react";
import { createRoot } from "react-dom/client";

import { ApiError, connect, newKey } from "../../../clients/js/index.js";
import { inCard } from "../../../web/ui/card.js";
import "./page.css";

document.documentElement.dataset.opened = ""; // from here on the page itself says what is wrong: ui/unopened.js
const language = new URLSearchParams(location.search).get("lang") ?? "en";
const api = new URL("../..", location.href).href.split("?")[0]!;
// amoCRM's card gives the deal and a session for it, and another session when that one has ended.
const { lead, access } = inCard();
const crm = connect({ api, language, lead, ...access });

type Told = { isGood: boolean; text: string } | null;

function Page() {
  const [client, setClient] = useState("…");
  const [quantity, setQuantity] = useState("1");
  const [price, setPrice] = useState("1000");
  // Pressing the button twice, or again after a lost answer, is the same calculation; another number is another one.
  const [key, setKey] = useState(newKey);
  const [isBusy, setBusy] = useState(false);
  const [told, setTold] = useState<Told>(null);
  const total = String(Number(quantity) * Number(price));

  useEffect(() => {
    crm.getLead().then(
      ({ client }) => setClient(client ? [client.name, client.phones[0]?.value].filter(Boolean).join(", ") : "—"),
      (error: Error) => setClient(error.message),
    );
  }, []);

  const changed = (set: (value: string) => void) => (event: { target: { value: string } }) => {
    set(event.target.value);
    setKey(newKey());
    setTold(null);
  };

  async function save(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const item = { name: document.title, quantity, unit: "pc", unit_price: price };
    try {
      await crm.saveCalculation({
        // Without a currency the amounts are the account's own: in another one they become no budget of the deal.
        calculation: { title: document.title, currency: "", items: [item], total },
        options: { update_price: true, products: true, pdf: "none" },
      }, { key });
      setTold({ isGood: true, text: "✓ It is in the deal." });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setTold({ isGood: false, text: error.message });
    }
    setBusy(false);
  }

  return (
    <form onSubmit={save}>
      <p>{client}</p>
      <label>Quantity <Input theme={InputLightTheme} type="number" min="1" max="100" required value={quantity} onChange={changed(setQuantity)} /></label>
      <label>Price <Input theme={InputLightTheme} type="number" min="0" required value={price} onChange={changed(setPrice)} /></label>
      <p>Total <output>{total}</output></p>
      <Button theme={ButtonPrimaryTheme} type="submit" isLoading={isBusy}>Save to the deal</Button>
      <p role="status" className={told?.isGood ? "good" : "error"}>{told?.text}</p>
    </form>
  );
}

createRoot(document.getElementById("page")!).render(<Page />);
