// The app's entry: each of these registers its functions with the host as it is loaded.
import './http-runs.ts';
import './http-runs.ts';
import './http-runs.ts';
import './orchestrators.ts';
import './activities.ts';
import './canaries.ts';
