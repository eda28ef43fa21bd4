import type { ProcessHandle } from '@heddle/sdk'
import { type Command, clientFlags, type Given, idArgument } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { answer, withProgress } from '../output.ts'

async function order(
  { values: [id], flags }: Given,
  monitored: boolean,
  give: (handle: ProcessHandle) => Promise<void>,
): Promise<number> {
  const process = idArgument('process', id)
  const client = await connectSigned(flags)
  await withProgress('waiting for the messenger', give(client.process(process)))
  const text = monitored ? 'its cron runs' : 'its cron is stopped'
  answer(flags.json === true, { process, monitored }, `process  ${process}  ${text}`)
  return 0
}

export const monitorCommand: Command = {
  name: 'monitor',
  usage: 'PROCESS',
  summary: 'Start the cron of a process you own (its Cron-Interval tags)',
  flags: clientFlags,
  arguments: [1, 1],
  run: (given) => order(given, true, (handle) => handle.monitor(given.signal)),
}

export const unmonitorCommand: Command = {
  name: 'unmonitor',
  usage: 'PROCESS',
  summary: 'Stop the cron of a process you own',
  flags: clientFlags,
  arguments: [1, 1],
  run: (given) => order(given, false, (handle) => handle.unmonitor(given.signal)),
}
