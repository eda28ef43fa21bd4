import type { Command } from '../command.ts'
import { nodeFlags, startFromFlags } from '../start-node.ts'

export const upCommand: Command = {
  name: 'up',
  usage: '',
  summary: 'Start a node',
  flags: nodeFlags,
  arguments: [0, 0],
  async run({ flags, signal }) {
    const { stopped } = await startFromFlags(flags, signal)
    await stopped
    return 0
  },
}
