import { expect, it } from 'vitest'
import { drawProvenance } from './provenance-tree.ts'

const item = (id: string, kind: string) =>
  ({ id, kind, state: 'verified', signer: `${id}-signer-address` }) as const

it('draws both ways, an item met again once, and what is wrong in words', () => {
  const lines = drawProvenance({
    id: 'D',
    cut: false,
    items: [
      { ...item('D', 'Decision'), rule: 'limit', verdict: 'refuse' },
      item('A', 'Answer'),
      { ...item('M', 'Model'), name: 'tiny' },
      { id: 'R', state: 'missing' },
      { id: 'F', state: 'forged' },
      item('T', 'Transfer'),
    ],
    links: [
      { child: 'D', ground: 'A', relation: 'derived', state: 'verified' },
      { child: 'A', ground: 'M', relation: 'sender', state: 'verified' },
      { child: 'M', ground: 'R', relation: 'derived', state: 'verified' },
      { child: 'D', ground: 'M', relation: 'receipt', state: 'verified' },
      { child: 'D', ground: 'F', relation: 'derived', state: 'verified' },
      { child: 'T', ground: 'D', relation: 'derived', state: 'forged' },
    ],
  })
  expect(lines).toEqual([
    'Decision (refuse: limit)  D  by D-signer-a…',
    'came from',
    '├─ Answer  A  by A-signer-a…',
    '│  └─ sent by Model tiny  M  by M-signer-a…',
    '│     └─ R  MISSING: nobody here has it',
    '├─ by receipt Model tiny  M  by M-signer-a… …',
    '└─ F  FORGED: it is not what it says it is',
    'led to',
    '└─ FORGED LINK (no such tag) Transfer  T  by T-signer-a…',
  ])
})
