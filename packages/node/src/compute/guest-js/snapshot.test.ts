import { expect, it } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { encodeImage } from '../guest/index.ts'
import { messengerAddress, spawnActor, type TestMessage, testId } from './testing/test-actor.ts'

const source = `
  const seen = new Map()
  let waiting = 0
  on('Put', msg => { seen.set(msg.tags.Key, msg.data); msg.reply({ data: String(seen.size) }) })
  on('Chance', msg => msg.reply({ data: [Math.random(), Date.now()] }))
  on('Fail', () => { seen.clear(); throw new Error('no') })
  on('Fill', msg => { seen.set('big', 'x'.repeat(Number(msg.tags.By))) })
  on('Ask', async msg => {
    waiting += 1
    const answer = await send({ target: msg.tags.Whom, action: 'Q' }).receive()
    waiting -= 1
    msg.reply({ data: answer.data + waiting })
  })`

const whom = testId('whom')

/** Every kind of message, twice; replies name the references the two `Ask`s get. */
function script(): TestMessage[] {
  const round = (n: number): TestMessage[] => [
    { action: 'Put', tags: { Key: `k${n}` }, data: 'é'.repeat(50 * n) },
    { action: 'Chance' },
    { action: 'Ask', tags: { Whom: whom } },
    { action: 'Fail' },
    { action: 'Nobody', data: 'inbox' },
    { action: 'Fill', tags: { By: String(n * 300_000) } },
    { action: 'Eval', data: `globalThis.g${n} = { list: [${n}], when: new Date() }; g${n}` },
    { action: 'Eval', data: 'not code' },
    { action: 'Put', tags: { Key: 'again' } },
  ]
  const replies = ['3', '7'].map((reference) => ({
    tags: { 'X-Reference': reference },
    data: 'reply',
    from: whom,
    owner: messengerAddress,
  }))
  return [...round(1), ...round(2), ...replies, ...round(3)]
}

async function run(moveBefore: (step: number) => boolean): Promise<string[]> {
  const actor = await spawnActor({ source })
  const digests: string[] = []
  for (const [step, message] of script().entries()) {
    if (moveBefore(step)) await actor.move()
    const result = await actor.send(message)
    const memory = Buffer.from(nodeCrypto.sha256(actor.memory())).toString('hex')
    digests.push(`${message.action ?? 'reply'} ${JSON.stringify(result)} ${memory}`)
  }
  actor.close()
  return digests
}

it('a restored actor gives the results and the memory of an uninterrupted one', async () => {
  const uninterrupted = await run(() => false)
  expect(
    uninterrupted.filter((line) => line.includes('reply0') || line.includes('reply1')),
  ).toHaveLength(2)
  expect(await run(() => false)).toEqual(uninterrupted)
  expect(await run(() => true)).toEqual(uninterrupted)
  expect(await run((step) => step % 5 === 3)).toEqual(uninterrupted)
})

it('an actor in the instance that another left has nothing of it', async () => {
  const alone = await run(() => false)
  const other = await spawnActor({
    source: `globalThis.own = 'secret'; const held = []
      on('Print', msg => { console.log(msg.data); held.push(msg.data) })`,
  })
  await other.send({ action: 'Print', data: 'é'.repeat(5000) })
  const left = other.memory()
  expect(Buffer.from(left).includes('secret')).toBe(true)
  other.close()
  expect(await run(() => false)).toEqual(alone)
  // Its memory serves again: what it held is not there any more.
  expect(Buffer.from(left).includes('secret')).toBe(false)
})

it('an image is small: what every actor shares and what it keeps', async () => {
  const actor = await spawnActor({ source: 'let count = 0' })
  expect(encodeImage(actor.guest().capture()).length).toBeLessThan(600_000)
  expect(actor.memory().length).toBeLessThan(2 * 2 ** 20)
  actor.close()
})
