/** Wordings of one intent. Slots: {n} quantity, {t} token, {w} who, {p} price. */
export type Wordings = {
  /** The tool call, with the same slots. */
  readonly call: string
  readonly taught: readonly string[]
  /** Never seen in training: what the model makes of these says how far it goes beyond copying. */
  readonly heldOut: readonly string[]
}

const buy: Wordings = {
  call: '{"tool":"buy","qty":{n},"token":"{t}"}',
  taught: [
    'buy {n} {t}',
    'buy me {n} {t}',
    'get {n} {t}',
    'purchase {n} {t}',
    'please buy {n} of {t}',
    'i want {n} {t}',
    'i would like to buy {n} {t}',
    'we need {n} more {t}, buy them',
    'take {n} {t} from the market',
    'pick up {n} {t}',
    'go and buy {n} {t} for me',
    'order {n} {t}',
    'can you buy {n} {t}',
    'add {n} {t} to what we hold',
  ],
  heldOut: [
    'could you get me {n} {t}',
    'buy {n} more {t} for us',
    'i need {n} {t}, order them',
    'go to the market and get {n} {t}',
  ],
}

const buyBelow: Wordings = {
  call: '{"tool":"buy","qty":{n},"token":"{t}","limit":{p}}',
  taught: [
    'buy {n} {t} below {p}',
    'buy {n} {t} at {p} or less',
    'buy {n} {t}, at most {p} each',
    'get {n} {t} under {p}',
    'get {n} {t} for {p} at most',
    'purchase {n} {t} if it costs less than {p}',
    'if {t} is below {p} buy {n}',
    'when {t} falls under {p}, get {n}',
    'i want {n} {t} but not above {p}',
    'pay up to {p} for {n} {t}',
    'pick up {n} {t} cheaper than {p}',
    'order {n} {t}, limit {p}',
    'buy {n} {t} limit {p}',
    'take {n} {t} at {p} or below',
  ],
  heldOut: [
    'get me {n} {t} at {p} or less',
    'when {t} is under {p} buy {n}',
    'order {n} {t} but pay at most {p}',
    'purchase {n} {t} below {p} each',
  ],
}

const sell: Wordings = {
  call: '{"tool":"sell","qty":{n},"token":"{t}"}',
  taught: [
    'sell {n} {t}',
    'sell {n} of our {t}',
    'please sell {n} {t}',
    'get rid of {n} {t}',
    'dump {n} {t}',
    'let {n} {t} go',
    'i want to sell {n} {t}',
    'turn {n} {t} into cash',
    'put {n} {t} on the market',
    'offer {n} {t}',
    'can you sell {n} {t}',
    'we have too many, sell {n} {t}',
    'take profit on {n} {t}',
    'part with {n} {t}',
  ],
  heldOut: [
    'i would like to sell {n} {t}',
    'we want to get rid of {n} {t}',
    'go and sell {n} {t} for me',
    'offer {n} {t} on the market',
  ],
}

const sellAbove: Wordings = {
  call: '{"tool":"sell","qty":{n},"token":"{t}","limit":{p}}',
  taught: [
    'sell {n} {t} above {p}',
    'sell {n} {t} at {p} or more',
    'sell {n} {t}, at least {p} each',
    'sell {n} {t} over {p}',
    'dump {n} {t} for {p} at least',
    'get rid of {n} {t} if it brings more than {p}',
    'if {t} is above {p} sell {n}',
    'when {t} rises over {p}, sell {n}',
    'let {n} {t} go but not below {p}',
    'ask {p} or more for {n} {t}',
    'offer {n} {t}, limit {p}',
    'sell {n} {t} limit {p}',
    'take profit on {n} {t} above {p}',
    'part with {n} {t} at {p} or above',
  ],
  heldOut: [
    'let {n} {t} go at {p} or more',
    'when {t} is over {p} sell {n}',
    'offer {n} {t} at {p} or above',
    'get rid of {n} {t} above {p} each',
  ],
}

const transfer: Wordings = {
  call: '{"tool":"transfer","to":"{w}","qty":{n},"token":"{t}"}',
  taught: [
    'send {n} {t} to {w}',
    'send {w} {n} {t}',
    'transfer {n} {t} to {w}',
    'pay {w} {n} {t}',
    'give {w} {n} {t}',
    'give {n} {t} to {w}',
    '{w} needs {n} {t}, send it',
    '{w} gets {n} {t} from me',
    'move {n} {t} over to {w}',
    'i owe {w} {n} {t}',
    'wire {n} {t} to {w}',
    'let {w} have {n} {t}',
    'please send {w} {n} {t} today',
    'pay {n} {t} to {w}',
  ],
  heldOut: [
    'can you send {n} {t} to {w}',
    '{w} needs {n} {t} from me',
    'i want to give {w} {n} {t}',
    'move {n} {t} to {w} today',
  ],
}

const balance: Wordings = {
  call: '{"tool":"balance","token":"{t}"}',
  taught: [
    'how many {t} do we have',
    'how much {t} is left',
    'balance of {t}',
    'what is my {t} balance',
    'show the {t} balance',
    'tell me how much {t} i hold',
    'check our {t}',
    'count the {t}',
  ],
  heldOut: ['show me how much {t} we have', 'what is the balance of {t}'],
}

const price: Wordings = {
  call: '{"tool":"price","token":"{t}"}',
  taught: [
    'what does {t} cost',
    'price of {t}',
    'what is the price of {t}',
    'how much is one {t}',
    'quote {t}',
    'check the {t} price',
    'tell me what {t} trades at',
    'where is {t} now',
  ],
  heldOut: ['tell me the price of {t}', 'what does one {t} cost now'],
}

const hold: Wordings = {
  call: '{"tool":"hold"}',
  taught: [
    'do nothing',
    'hold',
    'wait for now',
    'stay where you are',
    'no trades today',
    'leave the {t} alone',
    'do not sell any {t}',
    'do not buy any {t}',
    'keep all {t}',
    'say hello to {w}',
    'who is {w}',
    'what a nice day',
  ],
  heldOut: ['do not trade today', 'wait and keep the {t}'],
}

/** Orders that move something come more often than questions. */
export const intents: readonly {
  readonly name: string
  readonly share: number
  readonly wordings: Wordings
}[] = [
  { name: 'buy', share: 3, wordings: buy },
  { name: 'buy-below', share: 5, wordings: buyBelow },
  { name: 'sell', share: 3, wordings: sell },
  { name: 'sell-above', share: 5, wordings: sellAbove },
  { name: 'transfer', share: 5, wordings: transfer },
  { name: 'balance', share: 1, wordings: balance },
  { name: 'price', share: 1, wordings: price },
  { name: 'hold', share: 2, wordings: hold },
]
