/**
 * virtagent/inspector: looks at a peer or a manager while it runs, at every job's chart. docs/inspector.md
 */
export { createInspector, type Inspector, type InspectorOptions } from './inspector.ts';
export { describeChart } from './charts.ts';
export { hiddenWords } from './values.ts';
export { Model, type View } from './model.ts';
export { bridgeToXstateInspect, type BridgeSocket, type XstateInspectOptions } from './bridges/xstate-inspect.ts';
export { bridgeToStately, type StatelyOptions } from './bridges/stately.ts';
export type { Bridged, FollowOptions } from './bridges/followed-actors.ts';
export { serveInspector, type InspectServer, type ServeOptions } from './server.ts';
export type { Viewer, Watchable } from './watchable.ts';
export { readRecording, recordingLimits, recordingLine, RecordingReader, type Recording, type RecordingProblem } from './recording.ts';
export * from './records.ts';
