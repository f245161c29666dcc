/** The icons that a page or a server may name, in a chunk of their own: see `core.ts`. */

const FRAME = "M5.5 4h13a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z";
const RING = "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 1 0 0-17z";
const STAR = "M12 3.6l2.5 5.3 5.8.8-4.2 4.1 1 5.8-5.1-2.8-5.1 2.8 1-5.8-4.2-4.1 5.8-.8z";
const BULLET = "a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0";
const ACROSS = `M4.8 12${BULLET}M11.3 12${BULLET}M17.8 12${BULLET}`;
const DOWN = `M11.3 5.5${BULLET}M11.3 12${BULLET}M11.3 18.5${BULLET}`;
const FLOPPY_BOOK = "M6.5 3.5H18a1 1 0 0 1 1 1v16H7a2 2 0 0 1-2-2v-13a2 2 0 0 1 1.5-2z";
const PENCIL = "M16.2 4.3a2.2 2.2 0 0 1 3.1 3.1L8.5 18.5 4 19.8l1.2-4.5z";
const PERSON = "M12 4a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0";
const SHEET = "M13 3.5H7.5a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2V9zM13 3.5V9h5.5";
const SQUARE = "M6 4h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z";

export const MORE: Readonly<Record<string, string>> = {
  // Of headers.
  "sidebar-left": `${FRAME}M9 4v16`,
  "sidebar-right": `${FRAME}M15 4v16`,
  "sidebar-open-left": `${FRAME}M9 4v16M13 9l3 3-3 3`,
  "sidebar-open-right": `${FRAME}M15 4v16M11 9l-3 3 3 3`,
  "sidebar-open-left-alt": `${FRAME}M7.5 8v8M12 9l3 3-3 3`,
  "sidebar-open-right-alt": `${FRAME}M16.5 8v8M12 9l-3 3 3 3`,
  "sidebar-floating-left": `${FRAME}M7 7.5h3.5v9H7z`,
  "sidebar-floating-right": `${FRAME}M13.5 7.5H17v9h-3.5z`,
  "sidebar-floating-open-left": `${FRAME}M7 7.5h3v9H7zM13.5 9l3 3-3 3`,
  "sidebar-floating-open-right": `${FRAME}M14 7.5h3v9h-3zM10.5 9l-3 3 3 3`,
  "sidebar-collapse-left": `${FRAME}M9 4v16M16 9l-3 3 3 3`,
  "sidebar-collapse-right": `${FRAME}M15 4v16M8 9l3 3-3 3`,
  "collapse-left": "M4 4v16M20 12H9M13.5 7.5 9 12l4.5 4.5",
  "collapse-right": "M20 4v16M4 12h11M10.5 7.5 15 12l-4.5 4.5",
  "open-left": "M4 4v16M8.5 12H20M15.5 7.5 20 12l-4.5 4.5",
  "open-right": "M20 4v16M15.5 12H4M8.5 7.5 4 12l4.5 4.5",
  "double-chevron-left": "M11.5 6.5 6 12l5.5 5.5M18.5 6.5 13 12l5.5 5.5",
  "double-chevron-right": "M12.5 6.5 18 12l-5.5 5.5M5.5 6.5 11 12l-5.5 5.5",
  home: "M4 10.7 12 4l8 6.7V19a1 1 0 0 1-1 1h-4.5v-6h-5v6H5a1 1 0 0 1-1-1z",
  "home-alt": "M4 10.7 12 4l8 6.7V18a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM9 16h6",
  "back-small": "M14 7l-5 5 5 5",
  "back-large": "M20 12H4M10.5 5.5 4 12l6.5 6.5",
  "expand-large": "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  "collapse-large": "M20 10h-6V4M14 10l6.5-6.5M4 14h6v6M10 14l-6.5 6.5",
  "expand-small": "M13 6.5h4.5V11M11 17.5H6.5V13",
  "collapse-small": "M17.5 11H13V6.5M6.5 13H11v4.5",
  star: STAR,
  "star-filled": `!${STAR}`,
  bug:
    "M12 8.5a4.2 4.2 0 0 1 4.2 4.2V15a4.2 4.2 0 0 1-8.4 0v-2.3A4.2 4.2 0 0 1 12 8.5z" +
    "M9.3 8.8V7.2a2.7 2.7 0 0 1 5.4 0v1.6M7.8 13H4M20 13h-3.8M8.3 17 5 19.2M15.7 17l3.3 2.2" +
    "M8.4 10.3 5.2 7.8M15.6 10.3l3.2-2.5M12 12.5v6.5",
  "chat-temporary":
    "M9 4.6a8 8 0 0 1 6 0M17.9 6.6a8 8 0 0 1 1.9 5M18.8 16.2a8 8 0 0 1-4.3 3.4" +
    "M10.8 19.9 5 20.5l.9-3.9M4.1 13.2a8 8 0 0 1 1.6-5.8",
  "settings-cog":
    "M12 5.7a6.3 6.3 0 1 0 0 12.6 6.3 6.3 0 1 0 0-12.6zM12 9.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 1 0 0-4.4z" +
    "M12 3v2.5M12 18.5V21M3 12h2.5M18.5 12H21M5.6 5.6l1.8 1.8M16.6 16.6l1.8 1.8M5.6 18.4l1.8-1.8M16.6 7.4l1.8-1.8",
  grid: "M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z",
  "dots-horizontal": `!${ACROSS}`,
  "dots-vertical": `!${DOWN}`,
  "dots-horizontal-circle": `${RING}M8 12h.01M12 12h.01M16 12h.01`,
  "dots-vertical-circle": `${RING}M12 8v.01M12 12v.01M12 16v.01`,
  menu: "M4 6.5h16M4 12h16M4 17.5h16",
  "menu-inverted": "M4 6.5h16M10 12h10M4 17.5h16",
  hamburger: "M4 8.5h16M4 15.5h16",
  share:
    "M12 15V4M7.8 8 12 3.8 16.2 8M7.5 11H6a1 1 0 0 0-1 1v7a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-7a1 1 0 0 0-1-1h-1.5",
  "light-mode":
    "M12 8a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM12 2.8v1.7M12 19.5v1.7M2.8 12h1.7M19.5 12h1.7" +
    "M5.5 5.5l1.2 1.2M17.3 17.3l1.2 1.2M5.5 18.5l1.2-1.2M17.3 6.7l1.2-1.2",
  "dark-mode": "M20 14.3A8.3 8.3 0 1 1 9.7 4a6.6 6.6 0 0 0 10.3 10.3z",

  // Of prompts, tools, tasks and widgets.
  agent:
    "M7 8.5h10a2.5 2.5 0 0 1 2.5 2.5v6a2.5 2.5 0 0 1-2.5 2.5H7A2.5 2.5 0 0 1 4.5 17v-6A2.5 2.5 0 0 1 7 8.5zM12 8.5V4.8M9.3 13v1.8M14.7 13v1.8",
  analytics: "M4 4v16h16M8 15l3.5-4.5 3 2.5L19 7.5",
  atom:
    "M12 11a1 1 0 1 0 0 2 1 1 0 1 0 0-2zM5.6 5.6c2-2 6.5.5 9.6 3.5s5.5 7.6 3.5 9.6" +
    "-6.6-.5-9.6-3.5-5.5-7.6-3.5-9.6zM18.4 5.6c2 2-.5 6.6-3.5 9.6s-7.6 5.5-9.6 3.5 .5-6.6 3.5-9.6 7.6-5.5 9.6-3.5z",
  batch: "M12 4l8 4-8 4-8-4zM4 12l8 4 8-4M4 16l8 4 8-4",
  bolt: "M13 3.5 5 13.5h6l-1 7 8-10h-6z",
  "book-closed": `${FLOPPY_BOOK}M5 17.5a2 2 0 0 1 2-1h12`,
  "book-clock":
    "M19 9.5v-5a1 1 0 0 0-1-1H6.5A1.5 1.5 0 0 0 5 5v13.5a2 2 0 0 0 2 2h3M16.5 12.5a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM16.5 14.7v2l1.3.8",
  calendar:
    "M6 5.5h12a2 2 0 0 1 2 2V18a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V7.5a2 2 0 0 1 2-2zM4 10h16M8.5 3.5v4M15.5 3.5v4",
  chart: "M5 20v-8M12 20V4M19 20v-5",
  "check-circle": `${RING}M8 12.3l2.8 2.8L16 9.5`,
  "check-circle-filled":
    "*M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18zM7.6 12.8l1.3-1.3 2 2 4.3-4.5 1.3 1.3-5.6 5.8z",
  "circle-question": `${RING}M9.6 9.5a2.5 2.5 0 1 1 3.6 2.4c-.8.4-1.2.9-1.2 1.8M12 16.6h.01`,
  clock: `${RING}M12 7.5V12l3 2`,
  compass: `${RING}M15.5 8.5l-2 5-5 2 2-5z`,
  confetti:
    "M8 10l6 6-9.5 3.5zM13 8c0-2 .5-3 2-4M16.5 11c1.5-1 2.5-1.5 4-1.5M17 6.5h.01M20 4.5h.01M12 4h.01M19.5 14.5h.01",
  cube: "M12 3.5l7.5 4.2v8.6L12 20.5l-7.5-4.2V7.7zM4.7 7.8 12 12l7.3-4.2M12 12v8.3",
  desktop:
    "M5.5 4.5h13a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM12 16.5v3.5M8.5 20h7",
  "empty-circle": RING,
  "external-link":
    "M13.5 4.5h6v6M19.5 4.5l-8.5 8.5M17.5 13.5V18a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 18V8A1.5 1.5 0 0 1 6 6.5h4.5",
  keys: "M15 4a5 5 0 1 0 0 10 5 5 0 1 0 0-10zM11.4 12.6 4 20M6.5 17.5 9 20M15.5 8.5h.01",
  lab: "M9.5 3.5h5M10.5 3.5v6L5 18a1.7 1.7 0 0 0 1.5 2.5h11A1.7 1.7 0 0 0 19 18l-5.5-8.5v-6M7.5 14.5h9",
  images:
    "M9 4h9.5a1.5 1.5 0 0 1 1.5 1.5V15a1.5 1.5 0 0 1-1.5 1.5H9A1.5 1.5 0 0 1 7.5 15V5.5A1.5 1.5 0 0 1 9 4zM20 12.5l-3-3-7 7M4 8.5v9.7A1.8 1.8 0 0 0 5.8 20h9.7",
  lifesaver: `${RING}M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7zM6 6l3.5 3.5M14.5 14.5 18 18M18 6l-3.5 3.5M9.5 14.5 6 18`,
  mail: "M5.5 5.5h13a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2zM4 7.5l8 5.5 8-5.5",
  "map-pin":
    "M12 20.5c4-4 6.5-7.2 6.5-10.3a6.5 6.5 0 0 0-13 0c0 3.1 2.5 6.3 6.5 10.3zM12 7.8a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 1 0 0-4.8z",
  maps: "M9 4.5 3.5 7v12.5L9 17l6 2.5 5.5-2.5V4.5L15 7zM9 4.5V17M15 7v12.5",
  mobile: "M8.5 3h7a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM11 17.8h2",
  name: "M4 18 8.5 6h1L14 18M5.7 14h6.6M15 20.5h6",
  notebook:
    "M7.5 3.5h9a2 2 0 0 1 2 2v13a2 2 0 0 1-2 2h-9a1.5 1.5 0 0 1-1.5-1.5V5a1.5 1.5 0 0 1 1.5-1.5zM4 8h4M4 12h4M4 16h4",
  "notebook-pencil":
    "M18 9V5.5a2 2 0 0 0-2-2H7.5A1.5 1.5 0 0 0 6 5v14a1.5 1.5 0 0 0 1.5 1.5H9M4 8h4M4 12h4M4 16h4M18.2 12.3a1.5 1.5 0 0 1 2.2 2.2l-5 5-2.9.7.7-2.9z",
  "page-blank": SHEET,
  phone:
    "M5 4.5h3.5l1.5 4-2 1.5a11 11 0 0 0 6 6l1.5-2 4 1.5V19a1.5 1.5 0 0 1-1.5 1.5C10.5 20.5 3.5 13.5 3.5 6A1.5 1.5 0 0 1 5 4.5z",
  play: "M7.5 4.5 19 12 7.5 19.5z",
  profile: `${RING}M12 7.5a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 1 0 0-5.6zM6.5 18.3a6 6 0 0 1 11 0`,
  "profile-card":
    "M5.5 5h13a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM9 8.8a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 1 0 0-3.6zM6.3 16a2.9 2.9 0 0 1 5.4 0M14.5 10h3M14.5 13.5h3",
  "sparkle-double":
    "M10 5c.8 4.3 2.7 6.2 7 7-4.3.8-6.2 2.7-7 7-.8-4.3-2.7-6.2-7-7 4.3-.8 6.2-2.7 7-7zM18.5 3.5c.3 1.6 1 2.3 2.5 2.5-1.5.3-2.2 1-2.5 2.5-.3-1.5-1-2.2-2.5-2.5 1.5-.2 2.2-.9 2.5-2.5z",
  "square-code": `${SQUARE}M9.8 9 7 12l2.8 3M14.2 9l2.8 3-2.8 3`,
  "square-text": `${SQUARE}M8 9h8M8 12h8M8 15h5`,
  suitcase:
    "M5.5 8h13a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM9 8V6a1.5 1.5 0 0 1 1.5-1.5h3A1.5 1.5 0 0 1 15 6v2M3.5 13h17",
  user: PERSON,
  wreath:
    "M9 4.5C5.5 6 4 9 4.5 12.5c.4 3.3 2.6 6 6 7M15 4.5c3.5 1.5 5 4.5 4.5 8-.4 3.3-2.6 6-6 7M4.5 9.5c1.8 0 3 .7 3.5 2M5.5 15c1.5-.8 3-.7 4 .3M19.5 9.5c-1.8 0-3 .7-3.5 2M18.5 15c-1.5-.8-3-.7-4 .3",
  "write-alt": `${PENCIL}M13 20h7`,
  "write-alt2": "M4 20h16M15.3 4.6a1.9 1.9 0 0 1 2.7 2.7L9 16l-3.8 1 1-3.7z",
};
