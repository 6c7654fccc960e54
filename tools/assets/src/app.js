// The one script of every page: it only improves pages that work without it.
import {
  Button, CharacterCount, Checkboxes, ErrorSummary, NotificationBanner, PasswordInput, Radios,
  ServiceNavigation, SkipLink, createAll,
} from "govuk-frontend";
import { startAutosave } from "./autosave.js";
import { ctrlEnterSubmits, submitOnce } from "./forms.js";
import { warnBeforeTimeOut } from "./timeout.js";
import { labelScrollers, selectAll, startPrintButtons } from "./tables.js";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");

[Button, CharacterCount, Checkboxes, ErrorSummary, NotificationBanner, PasswordInput, Radios, ServiceNavigation, SkipLink]
  .forEach((component) => createAll(component));
submitOnce();
ctrlEnterSubmits();
startAutosave();
selectAll();
labelScrollers();
startPrintButtons();
warnBeforeTimeOut();
