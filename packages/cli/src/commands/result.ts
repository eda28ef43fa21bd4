import { type Command, clientFlags } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, withProgress } from '../output.ts'
import { describeResult } from '../result.ts'

export const resultCommand: Command = {
  name: 'result',
  usage: 'PROCESS MESSAGE',
  summary: 'Show what a message gave',
  flags: clientFlags,
  arguments: [2, 2],
  async run({ values: [processId = '', messageId = ''], flags }) {
    const reading = connect(flags).process(processId).result(messageId)
    const result = await withProgress('waiting for the result', reading)
    answer(flags.json === true, result.raw, describeResult(result))
    return result.error === undefined ? 0 : 1
  },
}
