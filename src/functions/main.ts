// The entry of the app: each module registers its functions with the host when it is loaded.
import './http-runs.ts';
import './http-reports.ts';
import './http-stop.ts';
import './orchestrators.ts';
import './activities.ts';
import './canaries.ts';
import './retention-timer.ts';
import './reconciler.ts';
