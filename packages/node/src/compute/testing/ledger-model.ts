import type { TestCommand } from './test-guest.ts'

/** What the test guest's sum must be after some commands: those that fail leave no trace. */
export function modelSum(commands: readonly TestCommand[]): number {
  let sum = 0
  for (const command of commands) {
    if (command.op === 'add') sum = (sum * 3 + command.n) % 1e9
    if (command.op === 'emit' || command.op === 'busy') sum = (sum * 3 + 1) % 1e9
  }
  return sum
}
