// The app's entry: each of these registers its functions with the host as it is loaded.
import './http-start-run.ts';
import './http-runs.ts';
import './http-report.ts';
import './orchestrators.ts';
import './activities.ts';
import './canaries.ts';
