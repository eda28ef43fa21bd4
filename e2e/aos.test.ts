import { join } from 'node:path'
import { describe, it } from 'vitest'
import { fetchModules } from '../scripts/fetch-modules.ts'
import { lua } from './actors.ts'
import { describeAo } from './ao-suite.ts'
import { type NodeProcess, runHeddle } from './node-process.ts'

const modules = await fetchModules()

if ('skipped' in modules) {
  describe('aoconnect, aos', () => {
    it.skip(`real aos modules are out of reach: ${modules.skipped}`, () => undefined)
  })
} else {
  for (const [name, file] of [
    ['aos wasm64', modules.wasm64],
    ['aos wasm32', modules.wasm32],
  ] as const) {
    const moduleOf = async (node: NodeProcess): Promise<string> => {
      const wallet = join(node.folder, 'wallet.json')
      await runHeddle(['keygen', wallet])
      const args = ['module', 'add', file, '--url', node.url, '--wallet', wallet, '--json']
      const { code, out, err } = await runHeddle(args)
      if (code !== 0) throw new Error(err)
      return JSON.parse(out).id
    }
    for (const mode of ['legacy', 'mainnet'] as const) {
      describe(name, () => describeAo({ mode, language: { ...lua, name }, moduleOf }))
    }
  }
}
