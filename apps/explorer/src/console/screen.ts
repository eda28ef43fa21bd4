import '@xterm/xterm/css/xterm.css'
import { type ITheme, Terminal } from '@xterm/xterm'
import { shownText } from './shown-text.ts'
import { withStyleSheets } from './style-elements.ts'

/** What a console shows. */
export type Screen = {
  /** Lines of others: colours stay, whatever else moves a cursor does not. */
  print(text: string): void
  clear(): void
  close(): void
}

const fontPx = 13
const rowsOfScreen = 22
const scrollbackRows = 5000
const columnsMin = 24

/** Opens a terminal in an element; it follows the element's width and the page's colours. */
export function openScreen(element: HTMLElement): Screen {
  const style = getComputedStyle(element)
  const fontFamily = style.fontFamily
  const terminal = new Terminal({
    fontFamily,
    fontSize: fontPx,
    lineHeight: 1.25,
    rows: rowsOfScreen,
    cols: columnsOf(element, fontFamily),
    scrollback: scrollbackRows,
    convertEol: true,
    disableStdin: true,
    cursorInactiveStyle: 'none',
    screenReaderMode: true,
    theme: themeOf(element),
  })
  withStyleSheets(() => terminal.open(element))
  // The line below is where one types.
  const { textarea } = terminal
  if (textarea !== undefined) {
    textarea.tabIndex = -1
    textarea.setAttribute('aria-hidden', 'true')
  }
  const resize = () => terminal.resize(columnsOf(element, fontFamily), rowsOfScreen)
  const resizing = new ResizeObserver(resize)
  resizing.observe(element)
  const recolour = () => {
    terminal.options.theme = themeOf(element)
  }
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  scheme.addEventListener('change', recolour)
  window.addEventListener('heddle-theme', recolour)
  return {
    print: (text) => terminal.writeln(shownText(text)),
    clear: () => terminal.clear(),
    close() {
      resizing.disconnect()
      scheme.removeEventListener('change', recolour)
      window.removeEventListener('heddle-theme', recolour)
      terminal.dispose()
    },
  }
}

/** Left and right of the letters: the element's padding and the scroll bar. */
const besidePx = 42

/** Columns that fit, by the width of a letter. */
function columnsOf(element: HTMLElement, fontFamily: string): number {
  const context = document.createElement('canvas').getContext('2d')
  if (context === null) return columnsMin
  context.font = `${fontPx}px ${fontFamily}`
  const letterPx = Math.ceil(context.measureText('W'.repeat(100)).width) / 100
  return Math.max(columnsMin, Math.floor((element.clientWidth - besidePx) / letterPx))
}

/** The page's own colours; each is AA on the ground of the screen. */
function themeOf(element: HTMLElement): ITheme {
  const style = getComputedStyle(element)
  const probe = document.createElement('span')
  element.append(probe)
  // A colour that depends on the scheme is known only once it is used.
  const token = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const [text, quiet] = [token('--text'), token('--quiet')]
  const colours: ITheme = {
    background: style.backgroundColor,
    foreground: text,
    cursor: style.backgroundColor,
    selectionBackground: token('--accent-ground'),
    black: text,
    white: text,
    brightBlack: quiet,
    brightWhite: text,
    red: token('--bad'),
    brightRed: token('--bad'),
    green: token('--good'),
    brightGreen: token('--good'),
    yellow: token('--warn'),
    brightYellow: token('--warn'),
    blue: token('--accent'),
    brightBlue: token('--accent'),
    magenta: token('--series-3'),
    brightMagenta: token('--series-3'),
    cyan: token('--accent'),
    brightCyan: token('--accent'),
  }
  probe.remove()
  return colours
}
