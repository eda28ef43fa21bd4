/** Languages a console speaks: that of `js` actors and that of aos. */
export type Language = 'javascript' | 'lua'

/** Kinds of pieces that a console colours. */
export type TokenKind = 'comment' | 'text' | 'number' | 'keyword' | 'bracket' | 'other'

/** A piece of code. `isOpen`: a text or comment whose end is not there yet. */
export type Token = { readonly kind: TokenKind; readonly text: string; readonly isOpen?: boolean }

type Rule = readonly [kind: TokenKind, pattern: RegExp, isOpen?: boolean]

const word = /[A-Za-z_$][\w$]*/y
const number = /0[xX][\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const bracket = /[()[\]{}]/y

/** In order of trial; what none fits is one character of no kind. */
const rules: Readonly<Record<Language, readonly Rule[]>> = {
  javascript: [
    ['comment', /\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
    ['comment', /\/\*[\s\S]*/y, true],
    ['text', /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`/y],
    ['text', /`(?:[^`\\]|\\[\s\S])*/y, true],
    ['number', number],
    ['bracket', bracket],
  ],
  lua: [
    ['comment', /--\[(=*)\[[\s\S]*?\]\1\]/y],
    ['comment', /--\[=*\[[\s\S]*/y, true],
    ['comment', /--[^\n]*/y],
    ['text', /\[(=*)\[[\s\S]*?\]\1\]/y],
    ['text', /\[=*\[[\s\S]*/y, true],
    ['text', /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y],
    ['number', number],
    ['bracket', bracket],
  ],
}

const keywords: Readonly<Record<Language, ReadonlySet<string>>> = {
  javascript: new Set(
    (
      'async await break case catch class const continue default delete do else export extends ' +
      'false finally for function if in instanceof let new null of return static super switch ' +
      'this throw true try typeof undefined var void while yield'
    ).split(' '),
  ),
  lua: new Set(
    (
      'and break do else elseif end false for function goto if in local nil not or repeat return ' +
      'then true until while'
    ).split(' '),
  ),
}

/** Splits code into tokens whose texts, joined, are the code again. Never throws. */
export function readTokens(code: string, language: Language): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < code.length; ) {
    const token = tokenAt(code, at, language)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

function tokenAt(code: string, at: number, language: Language): Token {
  const name = match(word, code, at)
  if (name !== undefined) {
    return { kind: keywords[language].has(name) ? 'keyword' : 'other', text: name }
  }
  for (const [kind, pattern, isOpen] of rules[language]) {
    const text = match(pattern, code, at)
    if (text !== undefined) return isOpen === true ? { kind, text, isOpen } : { kind, text }
  }
  return { kind: 'other', text: String.fromCodePoint(code.codePointAt(at) ?? 32) }
}

function match(pattern: RegExp, code: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(code)?.[0]
}

const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
/** Words that open a Lua block; `for` and `while` open theirs with `do`, `elseif` has its `if`. */
const blockStarts: ReadonlySet<string> = new Set(['function', 'do', 'if', 'repeat'])
const blockEnds: ReadonlySet<string> = new Set(['end', 'until'])

/**
 * Tells whether code waits for more lines: an open text, bracket or block. Code with a bracket too many
 * does not wait; the process says what is wrong with it.
 */
export function isUnfinished(code: string, language: Language): boolean {
  const open: string[] = []
  let blocks = 0
  for (const { kind, text, isOpen } of readTokens(code, language)) {
    if (isOpen === true) return true
    if (kind === 'bracket') {
      const opener = closers[text]
      if (opener === undefined) open.push(text)
      else if (open.pop() !== opener) return false
    } else if (kind === 'keyword' && language === 'lua') {
      if (blockStarts.has(text)) blocks++
      else if (blockEnds.has(text)) blocks--
    }
  }
  return open.length > 0 || blocks > 0
}

const colours: Readonly<Record<TokenKind, string>> = {
  comment: '90',
  text: '32',
  number: '33',
  keyword: '36',
  bracket: '',
  other: '',
}

/** The code with the colours of a terminal; its visible characters are the same. */
export function colourCode(code: string, language: Language): string {
  return readTokens(code, language)
    .map(({ kind, text }) => (colours[kind] === '' ? text : `\x1b[${colours[kind]}m${text}\x1b[0m`))
    .join('')
}
