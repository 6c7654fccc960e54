// Times as the pages write them: 10:42am, 4pm.
import { said } from "./words.js";

export function clockTime(date) {
  const hour = date.getHours() % 12 || 12;
  const minutes = date.getMinutes();
  const half = date.getHours() < 12 ? said("am") : said("pm");
  return minutes ? `${hour}:${String(minutes).padStart(2, "0")}${half}` : `${hour}${half}`;
}
