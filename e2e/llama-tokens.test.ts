import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readLlama2c } from '@heddle/protocol/model'
import { describe, expect, it } from 'vitest'
import { startChild } from '../bench/child.ts'
import { installPeer } from '../bench/peers.ts'
import { bytesSource, loadEngine, openGguf } from '../packages/node/src/inference/index.ts'
import {
  type FileFormat,
  ggufFile,
  plainVocabulary,
} from '../packages/node/src/inference/testing/gguf-file.testing.ts'
import { testPorts } from '../packages/node/src/inference/testing/open.ts'
import { seededCheckpoint } from '../packages/node/src/inference/testing/seeded-model.testing.ts'
import { readStories } from '../packages/node/src/inference/testing/stories.ts'

// Against the native peer that the bench measures; it is installed when it is asked for.
const isAsked = process.env.HEDDLE_PEERS !== undefined
const version = '3.22.1'
const stories = readStories()

type Question = { readonly tokens: readonly number[]; readonly count: number }

/** What the peer chooses after each question's tokens. */
async function askPeer(file: Uint8Array, questions: readonly Question[]): Promise<number[][]> {
  const binary = `@node-llama-cpp/${process.platform}-${process.arch}@${version}`
  const peer = installPeer('node-llama-cpp', version, ['--omit=optional', binary])
  if (!('path' in peer)) throw new Error(peer.missing)
  const folder = mkdtempSync(join(tmpdir(), 'heddle-llama-'))
  const path = join(folder, 'model.gguf')
  writeFileSync(path, file)
  const script = new URL('../bench/llama-tokens-peer.mjs', import.meta.url).pathname
  const child = startChild(process.execPath, [script, join(peer.path, 'dist/index.js'), path])
  await child.next()
  const answers: number[][] = []
  for (const question of questions) {
    answers.push(JSON.parse(String(await child.ask(JSON.stringify(question)))))
  }
  child.stop()
  rmSync(folder, { recursive: true, force: true })
  return answers
}

async function askOurs(file: Uint8Array, questions: readonly Question[]): Promise<number[][]> {
  const source = bytesSource(file)
  const opened = await openGguf(source)
  const engine = await loadEngine({ ...opened, source }, testPorts(), { precision: 'f32' })
  return questions.map(({ tokens, count }) => {
    const session = engine.begin({ tokensMax: count })
    session.feed([...tokens])
    while (!session.isFinished) session.step()
    const made = session.tokens.slice(tokens.length)
    session.end()
    return made
  })
}

describe.skipIf(!isAsked)('tokens of llama.cpp itself', () => {
  it.skipIf(typeof stories === 'string')(
    'are ours for the first 30 of a story, in f32',
    async () => {
      if (typeof stories === 'string') return
      const layout = readLlama2c(stories.checkpoint, stories.checkpoint.length)
      const file = ggufFile(stories.checkpoint, layout, 'f32', plainVocabulary(512))
      const questions = [{ tokens: [1], count: 30 }]
      const ours = await askOurs(file, questions)
      expect(ours[0]).toHaveLength(30)
      expect(await askPeer(file, questions)).toEqual(ours)
    },
    120_000,
  )

  // The peer rounds vectors to 8 bits before it multiplies, so that near ties may fall otherwise; a weight that
  // was read wrongly would leave one in hundreds.
  const shape = {
    ...{ dim: 256, hidden: 512, layers: 2, heads: 4, kvHeads: 4, vocab: 512, context: 64 },
    tied: true,
  }
  const formats: readonly FileFormat[] = ['q8_0', 'q4_0', 'q4_k', 'q6_k']
  it.each(formats)(
    'are ours for most prompts, in %s',
    async (format) => {
      const checkpoint = seededCheckpoint(shape, 21)
      const layout = readLlama2c(checkpoint, checkpoint.length)
      const file = ggufFile(checkpoint, layout, format, plainVocabulary(shape.vocab))
      const questions = Array.from({ length: 40 }, (_, i) => ({
        tokens: [1, 260 + i, 300 + ((i * 37) % 200)],
        count: 1,
      }))
      const [theirs, ours] = [await askPeer(file, questions), await askOurs(file, questions)]
      const same = ours.filter(([token], i) => token === theirs[i]?.[0]).length
      expect(new Set(ours.flat()).size).toBeGreaterThan(5)
      expect(same).toBeGreaterThanOrEqual(30)
    },
    120_000,
  )
})
