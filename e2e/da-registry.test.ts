import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadStorerKeys, nativeBls, readDirectory } from '@heddle/node/da'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { encodeBase64Url } from '@heddle/protocol/base'
import { drawAssignment, type StorerDirectoryJson } from '@heddle/protocol/certificate'
import { portableCrypto } from '@heddle/protocol/crypto'
import { ownerAddress } from '@heddle/protocol/item'
import { createClient, createWalletFile } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCommandLine } from '../packages/cli/src/command.ts'
import { daCommand } from '../packages/cli/src/commands/da.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const runtime = createRuntime()
const storers = 4

describe('the storer set on the base layer', () => {
  const folder = newDataFolder()
  const [authorityFile, strangerFile] = [join(folder, 'authority'), join(folder, 'stranger')]
  let node: NodeProcess

  beforeAll(async () => {
    node = await startNodeProcess(join(folder, 'node'))
  })

  afterAll(async () => {
    await node.stop()
    removeFolder(folder)
  })

  const heddle = (...args: string[]) => {
    const given = parseCommandLine(daCommand, [...args, '--url', node.url])
    return daCommand.run({ ...given, signal: new AbortController().signal })
  }
  const folderOf = (at: number) => join(folder, `storer-${at}`)

  it('is who registered and got a stake before the epoch, as any reader of the blocks finds it', async () => {
    const authority = ownerAddress(await createWalletFile(authorityFile), portableCrypto)
    await createWalletFile(strangerFile)
    const names: string[] = []
    for (let at = 0; at < storers; at++) {
      const place = [
        '--data',
        folderOf(at),
        '--host',
        '127.0.0.1',
        '--lane-port',
        String(4400 + at),
      ]
      expect(await heddle('register', ...place, '--placement', 'region:eu')).toBe(0)
      const { bls } = await loadStorerKeys(runtime, folderOf(at))
      names.push(encodeBase64Url(bls.key))
    }
    const [, second = '', third = '', last = ''] = names
    for (const name of names.slice(0, 3)) {
      expect(await heddle('stake', name, '5', '--wallet', authorityFile)).toBe(0)
    }
    // The last gets no stake but from somebody who may not give one; the third's is taken back.
    expect(await heddle('stake', last, '9', '--wallet', strangerFile)).toBe(0)
    expect(await heddle('stake', third, '0', '--wallet', authorityFile)).toBe(0)
    expect(await heddle('stake', second, '7', '--wallet', authorityFile)).toBe(0)
    const out = join(folder, 'set.json')
    const asked = ['storers', '--authority', authority, '--epoch-seconds', '1', '--out', out]
    const client = createClient({ url: node.url, signer: ed25519Signer(runtime.random.bytes(32)) })
    const setNow = async () => {
      // Time goes by blocks: somebody has to have something ordered.
      await client.upload({ data: runtime.random.bytes(20) })
      await runtime.timer.sleep(400)
      await heddle(...asked).catch(() => undefined)
      const { storers: found } = JSON.parse(readFileSync(out, 'utf8')) as StorerDirectoryJson
      return found.map(({ key, stake, port }) => `${key} ${stake} ${port}`).sort()
    }
    const wanted = [`${names[0]} 5 4400`, `${second} 7 4401`].sort()
    await expect.poll(() => setNow().catch(() => [])).toEqual(wanted)
    const { set } = await readDirectory(runtime.disk, nativeBls, out)
    expect(drawAssignment(set, new Uint8Array(32), { k: 16, n: 48 }).members).toHaveLength(2)
    await expect(
      heddle('storers', '--authority', authority, '--epoch-seconds', '1', '--height', '1'),
    ).rejects.toMatchObject({ code: 'da-storers-unregistered' })
  })
})
