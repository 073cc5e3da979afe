/**
 * Marks an assignment that gives back a whole context, every field of it. What runs the chart may then take it as the next
 * context as it is; otherwise it copies the old one and lays the new fields over it, which costs more than most assignments.
 */
export function whole<Args, Params, Context extends object>(
  assignment: (args: Args, params: Params) => Context,
): (args: Args, params: Params) => Context {
  return Object.assign(assignment, { isWhole: true });
}
