// What every page does beyond its HTML. Nothing here is needed to work with a page.

import { follow } from "./live.js";
import { tellTimes } from "./times.js";
import { openInDialogs } from "./dialogs.js";

tellTimes();
openInDialogs();
follow();
