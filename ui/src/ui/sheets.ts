import app from "./app.css";
import composer from "./composer/composer.css";
import history from "./history.css";
import items from "./items/items.css";
import prose from "./items/prose.css";
import menu from "./menu.css";

/** The style sheets of the view, in the order in which they apply. */
export const sheets = [app, prose, items, composer, menu, history];
