import { parentPort } from 'node:worker_threads'
import { errorMessage } from '@heddle/protocol/base'
import { deepSources } from './deep-sources.ts'
import { spawnActor } from './test-actor.ts'

/** Runs every deep source in this thread and posts `[name, Error or fault]` for each. */
const errors: [string, string][] = []
for (const [name, data] of Object.entries(deepSources)) {
  const actor = await spawnActor({ source: '' })
  try {
    const { Error: error } = await actor.send({ action: 'Eval', data })
    errors.push([name, error?.split('\n')[0] ?? 'none'])
  } catch (error) {
    errors.push([name, `fault: ${errorMessage(error)}`])
  }
  actor.close()
}
parentPort?.postMessage(errors)
