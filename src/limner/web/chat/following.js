// The reading place: the page follows what is painted until the reader scrolls away, and again when they come back.
// Knows two elements. What grows or shrinks in them is none of its business.

const NEAR_END_PX = 160;

export class Following {
  /** `main` scrolls, `thread` grows in it. */
  constructor(main, thread) {
    this.main = main;
    this.thread = thread;
    this.follows = true;
    this.last = { top: 0, height: 0 };
    main.addEventListener("scroll", () => this.scrolled());
    const observer = new ResizeObserver(() => {
      if (this.follows && !thread.hidden) this.toEnd();
    });
    for (const element of [main, thread]) observer.observe(element);
  }

  /** Only a reader scrolls up while the page is as high as it was; what grows below moves nobody away. */
  scrolled() {
    const { scrollTop: top, scrollHeight: height, clientHeight } = this.main;
    if (height - top - clientHeight < NEAR_END_PX) this.follows = true;
    else if (top < this.last.top && height >= this.last.height) this.follows = false;
    this.last = { top, height };
  }

  toEnd() {
    this.follows = true;
    this.main.scrollTop = this.main.scrollHeight;
    this.last = { top: this.main.scrollTop, height: this.main.scrollHeight };
  }

  /** Stay where the reader is. */
  release() {
    this.follows = false;
  }
}
