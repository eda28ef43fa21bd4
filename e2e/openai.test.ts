import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { decodeText } from '@heddle/protocol/base'
import {
  addModel,
  createClient,
  findReceipt,
  generateWallet,
  verifyModel,
  walletSigner,
} from '@heddle/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readStories } from '../packages/node/src/inference/testing/stories.ts'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

const stories = readStories()
const missing = typeof stories === 'string' ? ` (skipped: ${stories})` : ''
const vectors = fileURLToPath(new URL('../spec/vectors/inference.json', import.meta.url))
const golden: { text: { f32: string } } = JSON.parse(readFileSync(vectors, 'utf8')).stories260K

/** Greedy: what the golden text is. */
const greedy = { temperature: 0, max_tokens: 40 } as const

/** An actor that asks a model and keeps what it was told. */
const asker = `
let answer = 'none yet'
on('Ask', async (msg) => {
  send({ target: msg.tags.Model, action: 'Infer', tags: { 'Tokens-Max': 12 }, data: msg.data })
  const reply = await receive({ Action: 'Infer-Response' })
  answer = reply.tags.Receipt + ' ' + reply.data
})
on('Get', (msg) => msg.reply({ data: answer }))
`

describe.skipIf(missing !== '')(`models of a node${missing}`, () => {
  const folder = newDataFolder()
  let node: NodeProcess
  const signer = walletSigner(generateWallet())
  let client: ReturnType<typeof createClient>
  let openai: OpenAI
  let modelId: string

  beforeAll(async () => {
    if (typeof stories === 'string') return
    node = await startNodeProcess(folder)
    client = createClient({ url: node.url, signer })
    const { checkpoint, tokenizer } = stories
    const file = {
      sizeBytes: checkpoint.length,
      read: async (from: number, to: number) => checkpoint.slice(from, to),
    }
    const input = {
      name: 'stories260K',
      file,
      tokenizer,
      precision: 'f32',
      licence: 'MIT',
    } as const
    let sends = 0
    const breaking = {
      ...file,
      // Read once for hashes, then to be sent.
      read: (from: number, to: number) => {
        if (sends++ >= 7) throw new Error('the disk went away')
        return file.read(from, to)
      },
    }
    await expect(addModel(client, { ...input, file: breaking })).rejects.toThrow('went away')
    const other = addModel(client, { ...input, tokenizer: tokenizer.subarray(0, 3000) })
    await expect(other).rejects.toMatchObject({ code: 'tokenizer-invalid' })
    const added = await addModel(client, input)
    expect(added.chunks).toBe(5)
    expect(added.sentChunks).toBeLessThan(5)
    expect(await addModel(client, input)).toMatchObject({ id: added.id, sentChunks: 0 })
    expect((await verifyModel(client, added.id)).root).toBe(added.root)
    modelId = added.id
    openai = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 })
  })

  afterAll(async () => {
    if (typeof stories === 'string') return
    expect(await node.stop()).toBe(0)
    removeFolder(folder)
  })

  describe('asked by OpenAI’s client', () => {
    it('lists models, and answers to a name and to an id', async () => {
      const models = (await openai.models.list()).data
      expect(models.map(({ id }) => id)).toEqual(['stories260K'])
      expect(await openai.models.retrieve(modelId)).toMatchObject({ heddle: { licence: 'MIT' } })
      // A name goes to its first model for ever: one that nobody can ask must not take it.
      expect(models).toHaveLength(1)
      const answer = await openai.completions.create({ model: modelId, prompt: '', ...greedy })
      expect(answer.choices[0]).toMatchObject({
        text: golden.text.f32.slice(0, answer.choices[0]?.text.length),
        finish_reason: 'length',
      })
      expect(answer.usage).toMatchObject({ prompt_tokens: 1, completion_tokens: 40 })
    })

    it('gives the receipt in a header and a field, the same for the same question', async () => {
      const ask = () =>
        openai.chat.completions
          .create({
            model: 'stories260K',
            messages: [{ role: 'user', content: 'Once upon a time' }],
            seed: 7,
            max_tokens: 20,
          })
          .withResponse()
      const { data, response } = await ask()
      const id = response.headers.get('x-heddle-receipt')
      expect(data).toMatchObject({ heddle_receipt: id })
      expect((await ask()).data.choices).toEqual(data.choices)
      const receipt = await (await fetch(`${node.url}/${id}`)).json()
      expect(receipt).toMatchObject({
        version: 1,
        prompt: [1, 403, 407, 261, 378],
        precision: 'f32',
      })
      expect(receipt.tokens).toHaveLength(20)
    })

    it('streams what it would have said at once, with usage and receipt', async () => {
      const question = {
        model: 'stories260K',
        messages: [{ role: 'user' as const, content: 'Lily saw a' }],
        ...greedy,
        stop: ['.'],
      }
      const whole = await openai.chat.completions.create(question)
      const stream = await openai.chat.completions.create({
        ...question,
        stream: true,
        stream_options: { include_usage: true },
      })
      const pieces = []
      for await (const piece of stream) pieces.push(piece)
      const text = pieces.map((piece) => piece.choices[0]?.delta.content ?? '').join('')
      expect(text).toBe(whole.choices[0]?.message.content)
      expect(text).not.toContain('.')
      expect(pieces.length).toBeGreaterThan(3)
      const last = pieces.at(-2)
      expect(last).toMatchObject({
        choices: [{ finish_reason: 'stop' }],
        heddle_receipt: (whole as unknown as { heddle_receipt: string }).heddle_receipt,
      })
      expect(pieces.at(-1)?.usage).toEqual(whole.usage)
    })

    it('streams completions too, and goes on after a caller left', async () => {
      const left = await openai.completions.create({
        ...{ model: 'stories260K', prompt: 'Tim', stream: true, temperature: 0, max_tokens: 400 },
      } as const)
      for await (const _ of left) break
      const next = await openai.completions.create({
        model: 'stories260K',
        prompt: 'Tim',
        ...greedy,
      })
      expect(next.choices[0]?.text.length).toBeGreaterThan(10)
    })

    it('refuses in the shape the client reads', async () => {
      const create = (more: object) =>
        openai.completions.create({ model: 'stories260K', prompt: 'a', ...greedy, ...more })
      await expect(create({ model: 'gpt-4' })).rejects.toMatchObject({
        status: 404,
        code: 'model_not_found',
        message: expect.stringContaining('stories260K'),
      })
      await expect(create({ prompt: 'word '.repeat(600) })).rejects.toMatchObject({
        status: 400,
        code: 'context_length_exceeded',
      })
      await expect(create({ n: 2 })).rejects.toMatchObject({ status: 400, param: 'n' })
      await expect(create({ temperature: 9 })).rejects.toMatchObject({ param: 'temperature' })
      await expect(create({ prompt: [600] })).rejects.toMatchObject({ code: 'token-out-of-range' })
      const reply = await fetch(`${node.url}/v1/completions`, { method: 'POST', body: '{' })
      expect(await reply.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
    })
  })

  describe('as processes', () => {
    it('answers a message with text, gas and a receipt that replays', async () => {
      const model = await client.spawn({ module: modelId })
      const tags = { 'Tokens-Max': 30 }
      const result = await model.send({ action: 'Infer', tags, data: 'Once upon a time' })
      expect(result.error).toBeUndefined()
      expect(result.gasUsed).toBeGreaterThan(30 * 260)
      const reply = result.messages[0]
      expect(reply).toMatchObject({
        target: client.address,
        action: 'Infer-Response',
        tags: { Finish: 'length', Tokens: '30' },
      })
      expect(reply?.data).toMatch(/^, there was/)
      const digest = reply?.tags.Receipt ?? ''
      // A dry-run is the same answer.
      const dry = await model.read({ action: 'Infer', tags, data: 'Once upon a time' })
      expect(dry.messages[0]?.tags.Receipt).toBe(digest)
      const kept = () => findReceipt(client, digest).catch(() => undefined)
      await expect.poll(kept).toBeDefined()
      const verified = await runHeddle(['verify', 'receipt', digest, '--url', node.url, '--json'])
      expect(verified.code).toBe(0)
      expect(JSON.parse(verified.out)).toMatchObject({ verdict: 'same', steps: 30, model: modelId })
      const item = await findReceipt(client, digest)
      const receipt = JSON.parse(decodeText(item.data))
      receipt.tokens[13] = receipt.tokens[13] === 5 ? 6 : 5
      const forged = await client.upload({ data: JSON.stringify(receipt), tags: item.tags })
      const refused = await runHeddle(['verify', 'receipt', forged, '--url', node.url])
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toMatch(/^receipt: step 13 is wrong: it says token [56], its own logits/m)
    })

    it('cuts a long answer into several messages, the same tokens as at once', async () => {
      const model = await client.spawn({ module: modelId })
      const tags = { 'Tokens-Max': 40, Temperature: '0.8', Seed: 5, 'Top-P': '0.9' }
      const whole = (await model.send({ action: 'Infer', tags, data: 'Tom' })).messages[0]
      const cut = { ...tags, 'Tokens-Per-Message': 15 }
      let last = (await model.send({ action: 'Infer', tags: cut, data: 'Tom' })).messages[0]
      let text = last?.data ?? ''
      let messages = 1
      while (last?.tags.Finish === 'more') {
        const result = await model.send({
          action: 'Continue',
          tags: { Session: last.tags.Session },
        })
        expect(result.gasUsed).toBeLessThan(20 * 400)
        last = result.messages[0]
        text += last?.data
        messages += 1
      }
      expect(messages).toBe(3)
      expect(text).toBe(whole?.data)
      expect(last?.tags.Receipt).toBe(whole?.tags.Receipt)
      const over = await model.send({ action: 'Continue', tags: { Session: last?.tags.Session } })
      expect(over.error).toContain('waits to go on')
    })

    it('answers another process', async () => {
      const model = await client.spawn({ module: modelId })
      const actor = await client.spawn({ source: asker })
      await actor.send({ action: 'Ask', tags: { Model: model.id }, data: 'Lily' })
      const get = async () => (await actor.read({ action: 'Get' })).messages[0]?.data
      await expect.poll(get).toMatch(/^[\w-]{43} /)
    })

    it.runIf(process.env.HEDDLE_LONG)('goes on with an answer after a kill', async () => {
      const model = await client.spawn({ module: modelId })
      const tags = { 'Tokens-Max': 30 }
      const whole = (await model.send({ action: 'Infer', tags, data: 'Ben' })).messages[0]
      const cut = { ...tags, 'Tokens-Per-Message': 20 }
      const first = (await model.send({ action: 'Infer', tags: cut, data: 'Ben' })).messages[0]
      await node.kill()
      node = await startNodeProcess(folder)
      client = createClient({ url: node.url, signer })
      const rest = await client
        .process(model.id)
        .send({ action: 'Continue', tags: { Session: first?.tags.Session } })
      expect(rest.messages[0]?.tags.Receipt).toBe(whole?.tags.Receipt)
      expect(`${first?.data}${rest.messages[0]?.data}`).toBe(whole?.data)
    })

    it('refuses what cannot be answered, and goes on', async () => {
      const model = await client.spawn({ module: modelId })
      const ask = async (tags: Record<string, string>, data = 'a') =>
        (await model.send({ action: 'Infer', tags, data })).error
      expect(await ask({ 'Tokens-Max': '9999' })).toContain('from 1 to 1024')
      expect(await ask({ Temperature: 'hot' })).toContain('infer-message-invalid')
      expect(await ask({}, 'word '.repeat(600))).toContain('context-exceeded')
      expect((await model.send({ action: 'Info' })).messages[0]?.data).toContain('"dim":64')
      const small = client.spawn({ module: modelId, tags: { 'Memory-Limit': '1-mb' } })
      await expect(small).rejects.toThrow('Memory-Limit')
    })
  })
})
