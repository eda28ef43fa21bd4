import { type Command, clientFlags, tagFlags, textFlag } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, withProgress } from '../output.ts'
import { describeResult } from '../result.ts'

export const readCommand: Command = {
  name: 'read',
  usage: 'PROCESS',
  summary: 'Ask a process without leaving a trace (a dry-run)',
  flags: {
    ...clientFlags,
    action: { type: 'string', short: 'a', help: 'the Action tag' },
    data: { type: 'string', short: 'd', help: 'TEXT of the message' },
    tag: { type: 'string', multiple: true, help: 'Name=Value, may be repeated' },
  },
  arguments: [1, 1],
  async run({ values: [id = ''], flags }) {
    const action = textFlag(flags, 'action')
    const data = textFlag(flags, 'data')
    const reading = connect(flags)
      .process(id)
      .read({
        ...(action === undefined ? {} : { action }),
        ...(data === undefined ? {} : { data }),
        tags: tagFlags(flags),
      })
    const result = await withProgress('waiting for the answer', reading)
    answer(flags.json === true, result.raw, describeResult(result))
    return result.error === undefined ? 0 : 1
  },
}
