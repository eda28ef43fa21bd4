import { randomFillSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { createClient, createWalletFile } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

const { random } = createRuntime()

describe('large files', () => {
  const folder = newDataFolder()
  const work = newDataFolder()
  const sizeBytes = 18 * 1024 * 1024 + 11
  const file = join(work, 'large.bin')
  let node: NodeProcess

  beforeAll(async () => {
    writeFileSync(file, randomFillSync(Buffer.alloc(sizeBytes)))
    node = await startNodeProcess(folder)
  })
  afterAll(async () => {
    expect(await node.stop()).toBe(0)
    for (const one of [folder, work]) removeFolder(one)
  })

  const heddle = (...words: string[]) =>
    runHeddle([...words, '--url', node.url, '--wallet', join(work, 'wallet.json')])

  it('go up in parts, are found, and come back in pieces, going on where they were cut', async () => {
    await createWalletFile(join(work, 'wallet.json'))
    const up = await heddle('upload', file, '--tag', 'Kind=large', '--json')
    expect(up).toMatchObject({ code: 0 })
    const { id } = JSON.parse(up.out)
    expect(existsSync(`${file}.upload.json`)).toBe(false)

    const client = createClient({ url: node.url, signer: ed25519Signer(random.bytes(32)) })
    const { items } = await client.query({ tags: { Kind: 'large' } })
    expect(items).toMatchObject([{ id, dataBytes: sizeBytes }])

    const copy = join(work, 'copy.bin')
    const whole = readFileSync(file)
    writeFileSync(`${copy}.${id}.part`, whole.subarray(0, 5_000_000))
    const got = await heddle('get', id, '--out', copy)
    expect(got.code).toBe(0)
    expect(got.err).toContain('5000000 bytes are here already')
    expect(readFileSync(copy).equals(whole)).toBe(true)

    writeFileSync(`${copy}.${id}.part`, whole.subarray(1, 5_000_000))
    expect(await heddle('get', id, '--out', copy)).toMatchObject({
      code: 1,
      err: expect.stringContaining('not what its owner signed'),
    })
    expect(existsSync(`${copy}.${id}.part`)).toBe(false)
  })
})
