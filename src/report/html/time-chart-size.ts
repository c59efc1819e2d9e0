/** How large a chart over time is and how much it says. */
export type TimeChartSize = {
  readonly heightPx: number;
  /** About how many steps the vertical axis has. */
  readonly steps: number;
  /** Whether the figures of an interval can be read by pointing at it. */
  readonly readable: boolean;
  /** Whether the time axis has labels; of charts below one another only the last needs them. */
  readonly timeLabels: boolean;
};
