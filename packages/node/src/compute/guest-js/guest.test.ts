import { afterAll, describe, expect, it } from 'vitest'
import {
  type ActorResult,
  boot,
  createActor,
  messengerAddress,
  ownerAddress,
  spawnActor,
  type TestActor,
  testId,
} from './testing/test-actor.ts'

const open: TestActor[] = []
afterAll(() => {
  for (const actor of open) actor.close()
})

async function spawn(source: string, more: { tags?: Record<string, string> } = {}) {
  const actor = await spawnActor({ source, ...more })
  open.push(actor)
  return actor
}

async function evaluate(actor: TestActor, code: string): Promise<ActorResult> {
  return actor.send({ action: 'Eval', data: code })
}

async function output(actor: TestActor, code: string): Promise<string> {
  return (await evaluate(actor, code)).Output.data
}

function tagsOf(message: { Tags: readonly { name: string; value: string }[] } | undefined) {
  return Object.fromEntries((message?.Tags ?? []).map(({ name, value }) => [name, value]))
}

const counter = `
let count = 0
on('Inc', msg => { count += Number(msg.tags.By ?? 1); msg.reply({ data: String(count) }) })
on('Get', msg => msg.reply({ data: String(count) }))
`

describe('an actor', () => {
  it('keeps its variables between messages and answers', async () => {
    const actor = await spawn(counter)
    await actor.send({ action: 'Inc', tags: { By: '2' } })
    const result = await actor.send({ action: 'Inc', tags: { Reference: '7' } })
    expect(result.Messages).toEqual([
      {
        Target: ownerAddress,
        Anchor: '00000000000000000000000000000002',
        Tags: [
          { name: 'Data-Protocol', value: 'ao' },
          { name: 'Variant', value: 'ao.TN.1' },
          { name: 'Type', value: 'Message' },
          { name: 'Reference', value: '2' },
          { name: 'X-Reference', value: '7' },
        ],
        Data: '3',
      },
    ])
    expect(result.Error).toBeUndefined()
  })

  it('keeps texts apart whatever characters they end and begin with', async () => {
    const actor = await spawn(
      `on('See', (msg) => print(JSON.stringify([msg.tagList.slice(1), msg.data])))`,
    )
    const tags = { A: 'ends in half \ud83d', '\ude00 begins': '€', B: '', C: 'é\u0000' }
    const { Output } = await actor.send({ action: 'See', tags, data: 'ü😀' })
    expect(JSON.parse(Output.data)).toEqual([
      [
        { name: 'A', value: 'ends in half \ufffd' },
        { name: '\ufffd begins', value: '€' },
        { name: 'B', value: '' },
        { name: 'C', value: 'é\u0000' },
      ],
      'ü😀',
    ])
  })

  it('cannot fill the host with copies of one text', async () => {
    const actor = await spawn(
      `on('Fill', () => { const big = 'x'.repeat(5e6); for (let i = 0; i < 5000; i++) send({ target: 'a', data: big }) })`,
    )
    await expect(actor.send({ action: 'Fill' })).rejects.toThrow('the result is too large')
  })

  it('cannot give the host what is no result', async () => {
    const changes = [
      'draft[3] = {}',
      'draft[3] = { toString: () => 5 }',
      'draft[2] = "1"',
      'draft[0] = 7',
      'draft.length = 3',
      'draft[5] = 0',
      'draft.push("name without a value")',
      'draft.push("", "", 1n, "")',
      'delete draft[1]',
      'Object.defineProperty(draft, 1, { get: () => "a" })',
      'for (let i = 0; i < 600; i++) draft.push("x")',
    ]
    const actor = await spawn(`on('Break', (msg) => {
      const sent = send({ target: 'a' })
      const draft = sent[Object.getOwnPropertySymbols(sent)[0]]
      eval(msg.data)
    })`)
    for (const data of changes) {
      const sending = actor.send({ action: 'Break', data })
      await expect(sending, data).rejects.toThrow('not what the prelude gives')
    }
    const { Messages } = await actor.send({ action: 'Break', data: 'draft[3] = "other"' })
    expect(Messages[0]?.Data).toBe('other')
  })

  it('says what it emits whatever happens to built-ins', async () => {
    const source = `on('Break', () => {
      Array.prototype.push = Array.prototype.join = JSON.stringify = () => { throw 1 }
      send({ target: 'a', data: 'text' })
      assign({ processes: ['b'], message: 'c' })
    })`
    const result = await (await spawn(source)).send({ action: 'Break' })
    expect(result.Messages[0]).toMatchObject({ Target: 'a', Data: 'text' })
    expect(result.Assignments).toEqual([{ Message: 'c', Processes: ['b'] }])
  })

  it('emits as much as the network takes, and hears when it is too much', async () => {
    const actor = await spawn(
      `on('Many', (msg) => { for (let i = 0; i < Number(msg.data); i++) send({ target: 'a' }) })`,
    )
    expect((await actor.send({ action: 'Many', data: '10000' })).Messages).toHaveLength(10_000)
    const { Error: error } = await actor.send({ action: 'Many', data: '10001' })
    expect(error).toContain('10000 messages, spawns, assignments at most')
  })

  it('has texts of any form read as they are', async () => {
    const actor = await spawn(String.raw`let kept
      on('Say', () => {
        const long = 'ab'.repeat(30_000)
        const texts = ['', 'é\xff', '€', '😀', 'half \ud83d', long.slice(7, 20), long.slice(3),
          long + 'c' + long, (long + '€').slice(59_990), kept ??= long + long, '\u0000"\\', kept + 'd']
        for (const data of texts) send({ target: 'a', data })
        return texts.length
      })`)
    for (let i = 0; i < 2; i++) {
      const { Messages } = await actor.send({ action: 'Say' })
      const long = 'ab'.repeat(30_000)
      expect(Messages.map(({ Data }) => Data)).toEqual([
        ...['', 'é\u00ff', '€', '😀', 'half \ufffd', long.slice(7, 20), long.slice(3)],
        ...[
          `${long}c${long}`,
          `${long}€`.slice(59_990),
          long + long,
          '\u0000"\\',
          `${long}${long}d`,
        ],
      ])
      await actor.move()
    }
  })

  it('sees the message, the process and nothing of the world', async () => {
    const actor = await spawn(
      `on('See', msg => print(JSON.stringify({ ...msg.toJSON(), list: undefined, process: process.id,
        name: process.name, own: ao.id === process.id })))`,
      { tags: { Name: 'seer' } },
    )
    const { Output } = await actor.send({ action: 'See', data: 'hello', tags: { A: '1' } })
    expect(JSON.parse(Output.data)).toMatchObject({
      from: ownerAddress,
      owner: ownerAddress,
      target: actor.id,
      action: 'See',
      tags: { Action: 'See', A: '1' },
      data: 'hello',
      slot: 1,
      blockHeight: 101,
      cron: false,
      process: actor.id,
      name: 'seer',
      own: true,
    })
    expect(Output.prompt).toBe('seer@heddle[Inbox:0]> ')
    const hidden = 'WeakRef FinalizationRegistry performance Intl Atomics SharedArrayBuffer fetch'
    for (const name of [
      ...hidden.split(' '),
      'setTimeout',
      'require',
      'heddleBridge',
      'std',
      'os',
    ]) {
      expect(await output(actor, `typeof ${name}`), name).toBe('undefined')
    }
    expect((await evaluate(actor, `import('os')`)).Error).toMatch(/could not load module/)
  })

  it('gets the time and chance of the message', async () => {
    const actor = await spawn('')
    const at = 1_712_345_678_901
    const clock = {
      action: 'Eval',
      data: '[Date.now(), +new Date(), new Date().getTimezoneOffset()]',
    }
    expect((await actor.send({ ...clock, timestampMs: at })).Output.data).toBe(`[${at}, ${at}, 0]`)
    const code = 'const list = Array.from({ length: 1000 }, Math.random); JSON.stringify(list)'
    const first: number[] = JSON.parse(
      await output(actor, code.replace('list', 'a').replace('list', 'a')),
    )
    const second: number[] = JSON.parse(await output(actor, code))
    expect(first).not.toEqual(second)
    expect(new Set(first).size).toBe(1000)
    expect(Math.min(...first)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...first)).toBeLessThan(1)
    expect(first.reduce((sum, each) => sum + each) / 1000).toBeCloseTo(0.5, 1)
  })

  it('keeps what nobody handles in its inbox, as aos does', async () => {
    const actor = await spawn('')
    const { Output } = await actor.send({ action: 'Hello', data: 'x' })
    expect(Output).toEqual({
      data: `New message from ${ownerAddress}: Action = Hello`,
      prompt: 'actor@heddle[Inbox:1]> ',
      print: true,
    })
    expect(await output(actor, 'inbox[0].data')).toBe('x')
  })
})

describe('a failing message', () => {
  it('gives the error with the lines of the actor and undoes everything', async () => {
    const actor = await spawn(`${counter}on('Boom', msg => {
  count = 99
  send({ target: 'x', data: 'never' })
  print('before')
  null.field
})`)
    const result = await actor.send({ action: 'Boom' })
    expect(result.Error).toBe(
      "TypeError: cannot read property 'field' of null\n    at <anonymous> (actor.js:9:3)",
    )
    expect(result.Messages).toEqual([])
    expect(result.Output.data).toMatch(/^before\nTypeError/)
    expect((await actor.send({ action: 'Get' })).Messages[0]?.Data).toBe('0')
  })

  it('fails for what an asynchronous handler throws, and for lost rejections', async () => {
    const actor = await spawn(`
      on('Late', async () => { await null; throw new RangeError('late') })
      on('Lost', () => { Promise.reject(new Error('lost')) })
      on('Kept', () => { const p = Promise.reject(new Error('kept')); p.catch(() => print('ok')) })
      on('Odd', () => { throw { code: 7 } })`)
    expect((await actor.send({ action: 'Late' })).Error).toMatch(/^RangeError: late/)
    expect((await actor.send({ action: 'Lost' })).Error).toMatch(/^Error: lost/)
    expect((await actor.send({ action: 'Odd' })).Error).toBe('thrown: { code: 7 }')
    const kept = await actor.send({ action: 'Kept' })
    expect([kept.Error, kept.Output.data]).toEqual([undefined, 'ok'])
  })

  it('says what is wrong with a source and stays without one', async () => {
    const actor = await createActor({ source: '' })
    open.push(actor)
    const typed = await boot(actor, { source: 'let a: number = 1' })
    expect(typed.Error).toMatch(/^SyntaxError.*`heddle spawn` and the SDK strip TypeScript types/)
    expect(typed.Error).toMatch(/actor\.js:1:6/)
    expect((await actor.send({ action: 'Hi' })).Error).toMatch(/did not start: see .* slot 0/)
    expect((await evaluate(actor, '1 + 1')).Output.data).toBe('2')
    expect((await actor.send({ action: 'Hi' })).Error).toBeUndefined()
  })

  it('accepts `export {}`, which only makes a file a module', async () => {
    const actor = await spawn(`${counter}\nexport {}\n`)
    expect((await actor.send({ action: 'Inc' })).Messages[0]?.Data).toBe('1')
  })
})

describe('Eval', () => {
  it('is for the owner, sees the variables and shows values', async () => {
    const actor = await spawn(counter)
    expect(await output(actor, 'count += 5')).toBe('5')
    expect(await output(actor, 'print("a", { b: 1n }); [count, new Map([["k", /x/]])]')).toBe(
      'a { b: 1n }\n[5, Map(1) { "k" => /x/ }]',
    )
    expect(await output(actor, 'await Promise.resolve(3)')).toBe('3')
    expect((await evaluate(actor, 'a b')).Error).toMatch(/^SyntaxError/)
    const stranger = testId('stranger')
    const refused = await actor.send({ action: 'Eval', data: 'count = 0', from: stranger })
    expect(refused.Output.data).toMatch(/^New message/)
    const forged = { action: 'Eval', data: 'count = 0', owner: stranger, from: ownerAddress }
    expect((await actor.send(forged)).Output.data).toMatch(/is not trusted/)
    expect(await output(actor, 'count')).toBe('5')
  })

  it('can replace handlers', async () => {
    const actor = await spawn(counter)
    await evaluate(actor, `on('Get', msg => msg.reply({ data: 'new' }))`)
    expect((await actor.send({ action: 'Get' })).Messages[0]?.Data).toBe('new')
  })
})

describe('trust', () => {
  it('believes From-Process only where an authority signed', async () => {
    const actor = await spawn(counter)
    const from = testId('other process')
    const told = await actor.send({ action: 'Inc', from, owner: messengerAddress })
    expect(told.Messages[0]?.Target).toBe(from)
    const forged = await actor.send({ action: 'Inc', from, owner: testId('stranger') })
    expect(forged.Messages).toEqual([])
    expect(forged.Output.data).toMatch(/is not trusted/)
  })

  it('refuses items that were sent to others, unless the actor allows them', async () => {
    const actor = await spawn(counter)
    const assigned = { action: 'Inc', target: testId('someone else') }
    expect((await actor.send(assigned)).Output.data).toMatch(/Assignment .* is not accepted/)
    await evaluate(actor, `allowAssignment('Inc')`)
    expect((await actor.send(assigned)).Messages[0]?.Data).toBe('1')
  })
})

describe('conversations', () => {
  const asker = `
    on('Ask', async msg => {
      const sent = send({ target: msg.tags.Whom, action: 'Price' })
      const answer = await sent.receive()
      msg.reply({ data: 'it is ' + answer.data })
    })`

  it('go on when the reply arrives, also in another instance', async () => {
    const actor = await spawn(asker)
    const whom = testId('feed')
    const ask = { action: 'Ask', tags: { Whom: whom, Reference: '5' } }
    const asked = await actor.send(ask)
    expect(asked.Messages.map(({ Target }) => Target)).toEqual([whom])
    const reference = tagsOf(asked.Messages[0]).Reference ?? ''
    await actor.move()
    const forged = { tags: { 'X-Reference': reference }, data: '1', from: testId('liar') }
    expect((await actor.send({ ...forged, owner: messengerAddress })).Messages).toEqual([])
    const reply = { ...forged, data: '42', from: whom, owner: messengerAddress }
    const done = await actor.send(reply)
    expect(done.Messages[0]).toMatchObject({ Target: ownerAddress, Data: 'it is 42' })
    expect(tagsOf(done.Messages[0])['X-Reference']).toBe('5')
    expect((await actor.send(reply)).Output.data).toMatch(/^New message/)
  })

  it('undo only the reply that made the handler fail', async () => {
    const actor = await spawn(
      asker.replace('msg.reply(', `if (answer.data === 'bad') throw new Error('bad'); msg.reply(`),
    )
    const whom = testId('feed')
    const asked = await actor.send({ action: 'Ask', tags: { Whom: whom } })
    const tags = { 'X-Reference': tagsOf(asked.Messages[0]).Reference ?? '' }
    const answer = { tags, from: whom, owner: messengerAddress }
    expect((await actor.send({ ...answer, data: 'bad' })).Error).toMatch(/^Error: bad/)
    expect((await actor.send({ ...answer, data: 'good' })).Messages[0]?.Data).toBe('it is good')
  })

  it('forward a request so that the answer goes to who asked', async () => {
    const router = await spawn(
      `on('Price', msg => { msg.forward(process.tags.Next, { tags: { Hop: 1 } }) })`,
      {
        tags: { Next: testId('last') },
      },
    )
    const from = testId('first')
    const message = { from, owner: messengerAddress, data: 'd' }
    const sent = await router.send({
      ...message,
      action: 'Price',
      tags: { Reference: '9', Q: 'q' },
    })
    expect(sent.Messages[0]).toMatchObject({ Target: testId('last'), Data: 'd' })
    const tags = tagsOf(sent.Messages[0])
    expect(tags).toMatchObject({ Action: 'Price', Q: 'q', Hop: '1', 'Reply-To': from })
    expect(tags).toMatchObject({ 'X-Reference': '9', 'X-Origin': from, Reference: '1' })
    const last = await spawn(`on('Price', msg => { msg.reply({ data: '1' }) })`)
    const answered = await last.send({ from: router.id, owner: messengerAddress, tags })
    expect(answered.Messages[0]?.Target).toBe(from)
    expect(tagsOf(answered.Messages[0])['X-Reference']).toBe('9')
  })

  it('spawn processes and learn their ids', async () => {
    const actor = await spawn(`on('Make', async msg => {
      const id = await spawn({ source: 'on("Hi", m => m.reply())', tags: { Name: 'child' } })
      msg.reply({ data: id })
    })`)
    const made = await actor.send({ action: 'Make' })
    const tags = tagsOf(made.Spawns[0])
    expect(made.Spawns[0]?.Data).toBe('on("Hi", m => m.reply())')
    expect(tags).toMatchObject({ Type: 'Process', Module: testId('module'), Name: 'child' })
    expect(tags.Authority).toBe(messengerAddress)
    const child = testId('child')
    const done = await actor.send({
      from: actor.id,
      owner: messengerAddress,
      tags: { Action: 'Spawned', Process: child, Reference: tags.Reference ?? '' },
    })
    expect(done.Messages[0]?.Data).toBe(child)
  })

  it('assign items to processes', async () => {
    const actor = await spawn(
      `on('Go', () => assign({ processes: ['p'], message: 'm', exclude: ['Data'] }))`,
    )
    const { Assignments } = await actor.send({ action: 'Go' })
    expect(Assignments).toEqual([{ Processes: ['p'], Message: 'm', Exclude: ['Data'] }])
  })
})

describe('what an actor sends', () => {
  it.each([
    ['send({ data: 1 })', /target is missing/],
    ['send({ target: "x", quantity: 1 })', /unknown field quantity/],
    ['send({ target: "x", tags: { Reference: 1 } })', /Reference is written by the system/],
    ['send({ target: "x", tags: { A: {} } })', /tag A: a value is text/],
    ['send({ target: "x", tags: { "": "v" } })', /1 to 1,024 bytes/],
    ['send({ target: "x", tags: { A: "é".repeat(1600) } })', /at most 3,072/],
    ['send({ target: "x", tags: { A: "\\ud800" } })', /surrogate/],
    ['send({ target: "x", data: new Uint8Array(2) })', /must be text/],
    [
      'send({ target: "x", tags: Object.fromEntries([...Array(200).keys()].map(i => [i, i])) })',
      /tags/,
    ],
    ['on("A")', /must be the handler/],
    ['on(7, () => 1)', /a matcher is/],
    ['assign({ message: "m" })', /give { processes/],
  ])('%s is refused with a reason', async (code, reason) => {
    const actor = await spawn('')
    expect((await evaluate(actor, code)).Error).toMatch(reason)
  })

  it('may be written as in aos, and holds any value as text', async () => {
    const actor = await spawn('')
    const result = await evaluate(
      actor,
      `send({ Target: 't', Action: 'A', Quantity: 10n, Tags: { Ok: true, Gone: undefined },
        Data: { sum: 2n ** 70n } }); 0`,
    )
    expect(tagsOf(result.Messages[0])).toMatchObject({ Action: 'A', Quantity: '10', Ok: 'true' })
    expect(result.Messages[0]?.Data).toBe('{"sum":"1180591620717411303424"}')
  })
})
