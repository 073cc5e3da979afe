/** How much of the past a model holds, of each side. What is beyond is forgotten, the oldest first, and counted. */
export interface ModelLimits {
  /** Jobs, those that are done included. Of live jobs beyond it none is added. */
  readonly jobs: number;
  /** Steps on the paths of those jobs. */
  readonly pathSteps: number;
  /** Steps of one job: of more the older half is forgotten. */
  readonly stepsOfOne: number;
  /** Steps through which one can go back. */
  readonly logSteps: number;
  readonly messages: number;
  /** Characters of those messages' values as JSON, roughly. */
  readonly messageCharacters: number;
}

/** About 100 MB a side when all of it is used: a page has 500. */
export const modelLimits: ModelLimits = Object.freeze({
  jobs: 40_000,
  pathSteps: 600_000,
  stepsOfOne: 2_000,
  logSteps: 1_000_000,
  messages: 4_000,
  messageCharacters: 8_000_000,
});

/** How many of a side's jobs, steps and messages were forgotten since it began, for want of room here. */
export interface Forgotten {
  jobs: number;
  steps: number;
  messages: number;
  /** Records that make no sense: of jobs, charts or edges that the head has not told of. */
  senseless: number;
}
