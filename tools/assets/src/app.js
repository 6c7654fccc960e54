// The one script of every page: it only improves pages that work without it.
import {
  Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, PasswordInput, Radios,
  ServiceNavigation, SkipLink, createAll,
} from "govuk-frontend";
import { startAutosave } from "./autosave.js";
import { ctrlEnterSubmits, submitOnce } from "./forms.js";
import { startPasskeys } from "./passkeys.js";
import { warnBeforeTimeOut } from "./timeout.js";
import { labelScrollers, selectAll, startPrintButtons } from "./tables.js";

// ARIA allows no aria-expanded on a radio; the question that opens comes next in reading order anyway.
class PlainRadios extends Radios {
  syncConditionalRevealWithInputState(input) {
    super.syncConditionalRevealWithInputState(input);
    input.removeAttribute("aria-expanded");
  }
}

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");

[Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, PasswordInput, PlainRadios, ServiceNavigation, SkipLink]
  .forEach((component) => createAll(component));
startPasskeys();
submitOnce();
ctrlEnterSubmits();
startAutosave();
selectAll();
labelScrollers();
startPrintButtons();
warnBeforeTimeOut();
