"""Somebody who uses every control that a page has, each in the way that fits its kind.

The controls are found on the page itself (``visitor.js``): a new one is used without a word in any test.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Page

SCRIPT = Path(__file__).with_suffix(".js")
NARROW = 768  # px: below, Streamlit's sidebar lies over the page
CHANGE_MS = 30_000  # until something must have changed
TRIES = 5
NO_ANSWER_MS = 2_000  # after which the server will not answer: what was sent asked for nothing
DELAY_MS = 260  # for which Streamlit waits for more before it sends the value of a slider
ROW = 35  # px: a row of Streamlit's table
EXPAND, COLLAPSE = "[data-testid=stExpandSidebarButton]", "[data-testid=stSidebarCollapseButton] button"

SIDEBAR = {"Collapse sidebar": "true", "Expand sidebar": "false"}  # whether it is collapsed after that
_SLID = """collapsed => {
  const sidebar = document.querySelector("[data-testid=stSidebar]");
  return sidebar.dataset.collapsed === collapsed && sidebar.getAnimations().length === 0;
}"""


@dataclass(frozen=True)
class Control:
    """Something to use. ``id`` names it whatever the results are; ``off``: it is disabled; ``on``: it is chosen."""

    id: str
    kind: str
    key: str
    label: str
    testid: str
    off: bool
    on: bool

    def __str__(self) -> str:
        return f"{self.id} ({self.label[:60]})"


@dataclass
class Visitor:
    """Uses the controls of a page and notes what was wrong.

    Args:
        page: opened with :func:`prepared`.
        texts: what to type, by a pattern of the key of a text field.
        files: what to upload, by key: the content of a zip, or the key of the button that it was downloaded by.
        last: patterns of ids of controls that are left alone until :meth:`use_last`, in that order.
        away: the same for those after which nothing else is used.
        skipped: patterns of ids of controls that are never used.
        refused: patterns of ids of controls after which the page may say that something is wrong.
        look_into: called whenever a popover or menu has opened; returns what is wrong with it.

    Afterwards ``used`` are the ids of what was used in this look, ``before`` those of looks before it.
    """

    page: Page
    texts: Mapping[str, str]
    files: Mapping[str, bytes | str]
    last: Iterable[str]
    away: Iterable[str]
    skipped: Iterable[str]
    refused: Iterable[str]
    look_into: Callable[[str], list[str]]
    used: list[str] = field(default_factory=list)
    downloads: dict[str, bytes] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    before: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    postponed: dict[str, Control] = field(default_factory=dict)

    # --- what there is --------------------------------------------------------------------------------------------

    def controls(self) -> list[Control]:
        """What can be used now: in the popover that is open, else on the page."""
        return [Control(**found) for found in self.page.evaluate("visitor.controls()")]

    def pending(self, among: Callable[[Control], bool]) -> list[Control]:
        """Those not used yet that can be; links are looked at together."""
        return [
            control
            for control in self.controls()
            if control.id not in self.used and control.kind != "link" and not control.off and not control.on
            and not any(re.search(pattern, str(control)) for pattern in self.skipped)
            and not (control.id in self.before and (control.kind in self.again or self.is_late(control)))
            and among(control)
        ]  # fmt: skip

    def is_late(self, control: Control) -> bool:
        """Whether it is left alone until the end."""
        late = any(re.search(pattern, control.id) for pattern in (*self.last, *self.away))
        if late:
            self.postponed[control.id] = control
        return late

    def look_again(self) -> None:
        """Begin another look: what is new is used, and of what was used before one of each kind."""
        self.before |= set(self.used)
        self.used, self.postponed = [], {}
        self.again.clear()

    def where(self) -> str:
        """The page that is open, and the chapter of Learn."""
        return self.page.evaluate("location.pathname + (new URLSearchParams(location.search).get('chapter') ?? '')")

    # --- using it -------------------------------------------------------------------------------------------------

    def use_all(self) -> None:
        """Use everything but what has to be used last, what is inside of something before what is beside it."""
        here = self.where()
        while True:
            if self.where() != here:
                self.trouble.append(f"{self.used[-1]} leads away from {here} and is not among those used at the end")
                return
            waiting = self.pending(lambda control: not self.is_late(control))
            # What covers or uncovers the sidebar comes last: then the rest of the layer has been used.
            waiting.sort(key=lambda control: "Sidebar" in control.testid or "sidebar" in control.label)
            if waiting:
                self.use(waiting[0])
            elif not self.close_layer():
                return

    def use_last(self) -> None:
        """Use what :meth:`use_all` left, in the order of ``last``, and what that brings."""
        for pattern in self.last:
            while waiting := self.reach(pattern):
                self.use(waiting[0])
                self.use_all()
        for pattern in self.away:
            if waiting := self.reach(pattern):
                self.use(waiting[0])
        for pattern in (*self.last, *self.away):  # of those that lead away, one of a kind is enough
            met = [control for id_, control in self.postponed.items() if re.search(pattern, id_)]
            if met and not any(re.search(pattern, id_) for id_ in (*self.before, *self.used)):
                self.trouble.append(f"{met[0]} was there and could not be reached at the end")

    def reach(self, pattern: str) -> list[Control]:
        """Controls that fit and can be used, with the sidebar opened if they are there."""

        def fits(control: Control) -> bool:
            return re.search(pattern, control.id) is not None

        if found := self.pending(fits):
            return found
        button = self.page.locator(EXPAND)
        if button.count() and button.is_visible():
            button.click()
            self.settle()
            if found := self.pending(fits):
                return found
            self.close_layer()
        return []

    def use(self, control: Control) -> None:
        """Use a control; it must change something, and nothing may be wrong after it."""
        from playwright.sync_api import Error

        self.used.append(control.id)
        page = self.page
        element = page.evaluate_handle("id => visitor.take(id)", control.id).as_element()
        if element is None:  # gone since
            return
        how = getattr(self, f"_{control.kind}", None)
        if how is None:
            self.trouble.append(f"{control}: nobody knows how to use a {control.kind}")
            return
        page.evaluate("visitor.remember()")
        try:
            how(control, element)
        except (Error, AssertionError) as error:
            if element.evaluate("e => e.isConnected") or control.id in self.missed:
                self.trouble.append(f"{control}: {error}")
            else:  # drawn anew between being found and being used, as by a player that has just come: once more
                self.missed.append(control.id)
                self.used.remove(control.id)
        self.again.add(control.kind)
        self.settle(DELAY_MS if control.kind == "slider" else 0)
        if not any(re.search(pattern, control.id) for pattern in self.refused):
            self.trouble += [f"{control}: {words}" for words in page.evaluate("visitor.wrong()")]

    def settle(self, delay: int = 0) -> None:
        """Wait until all is drawn that the last control brought."""
        self.page.wait_for_function("visitor.still", arg=[delay, NO_ANSWER_MS], polling=20)

    def changes(self) -> None:
        """Wait until there is something else to perceive."""
        self.page.wait_for_function("visitor.changed()", timeout=CHANGE_MS, polling=20)

    def close_layer(self) -> bool:
        """Close the popover or menu on top, or the sidebar that lies over the page; whether there was one."""
        page = self.page
        if not page.evaluate("visitor.layer() !== null"):
            return False
        if page.evaluate("visitor.layer().dataset.testid === 'stSidebar'"):
            page.locator("[data-testid=stSidebar]").hover(position={"x": 20, "y": 20})
            page.locator(COLLAPSE).click()
        else:
            page.keyboard.press("Escape")
        page.wait_for_function("before => visitor.layer() === null", timeout=CHANGE_MS)
        self.settle()
        return True

    def _point_at(self, tool: ElementHandle) -> None:
        """Move the pointer over a table and from there to a button of it, which is there as long as it is over both."""
        tool.scroll_into_view_if_needed()
        frame = tool.evaluate_handle("e => e.closest('.stElementContainer')").as_element()
        assert frame is not None
        for element in (frame, tool):
            box = element.bounding_box()
            assert box is not None
            self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, ROW))
        self.page.wait_for_function(
            "e => getComputedStyle(e.closest('[data-testid=stElementToolbar]')).opacity === '1'", arg=tool
        )

    # --- each kind ------------------------------------------------------------------------------------------------

    def _button(self, control: Control, element: ElementHandle) -> None:
        if control.label == "Collapse sidebar":  # there while the pointer is over it
            self.page.locator("[data-testid=stSidebar]").hover(position={"x": 20, "y": 20})
        element.click()
        if control.label in SIDEBAR:  # it slides, so that for a moment everything is still seen
            self.page.wait_for_function(_SLID, arg=SIDEBAR[control.label], timeout=CHANGE_MS)
            return
        self.changes()

    _tab = _button

    def _tool(self, control: Control, element: ElementHandle) -> None:
        """A button of a table, there while the pointer is over it."""
        self._point_at(element)
        element.click()
        self.changes()
        if control.label.startswith("Show/hide columns"):
            column = self.page.get_by_test_id("stDataFrameColumnVisibilityMenu").locator("label").last
            for _ in ("hide it", "show it"):
                self.page.evaluate("visitor.remember()")
                column.click()
                self.changes()
        if not control.label.startswith("Clear"):
            self.page.keyboard.press("Escape")
            return
        self.settle()  # and choose again: more depends on it
        table = next(
            found for found in self.controls() if found.kind == "table" and control.label.endswith(found.label)
        )
        canvas = self.page.evaluate_handle("id => visitor.take(id)", table.id).as_element()
        assert canvas is not None
        self._table(table, canvas)

    def _help(self, control: Control, element: ElementHandle) -> None:
        """Shown to who comes by keyboard."""
        self.page.mouse.move(1, 1)
        self.page.keyboard.press("Tab")  # else the focus would be taken for that of a click
        element.focus()
        tip = self.page.get_by_role("tooltip").first
        tip.wait_for()
        assert tip.inner_text().strip(), "says nothing"
        element.evaluate("e => e.blur()")
        tip.wait_for(state="detached")

    def _radio(self, control: Control, element: ElementHandle) -> None:
        element.evaluate_handle("e => e.closest('label') ?? e").as_element().click()  # type: ignore[union-attr]
        self.changes()

    _checkbox = _radio

    def _expander(self, control: Control, element: ElementHandle) -> None:
        was_open = element.evaluate("e => e.parentElement.open")
        element.click()
        self.changes()
        if was_open:  # there is something to use in it
            element.click()

    def _popover(self, control: Control, element: ElementHandle) -> None:
        element.click()
        self.page.get_by_test_id("stPopoverBody").last.wait_for()
        self.page.evaluate("name => { visitor.layer().dataset.within = name; }", control.id)
        self.trouble += [f"{control}: {words}" for words in self.look_into("[data-testid=stPopoverBody]")]

    def _download(self, control: Control, element: ElementHandle) -> None:
        if "Toolbar" in control.testid:
            self._point_at(element)
        with self.page.expect_download() as started:
            element.click()
        self.downloads[control.key] = started.value.path().read_bytes()
        assert self.downloads[control.key], "an empty file"

    def _copy(self, control: Control, element: ElementHandle) -> None:
        self.page.evaluate("navigator.clipboard.writeText('')")
        element.hover(force=True)
        element.click()
        self.page.wait_for_function("navigator.clipboard.readText().then(text => text.length > 0)", timeout=CHANGE_MS)

    def _slider(self, control: Control, element: ElementHandle) -> None:
        element.focus()
        element.press("ArrowLeft" if element.evaluate("e => Number(e.value) >= Number(e.max)") else "ArrowRight")
        self.changes()

    def _dial(self, control: Control, element: ElementHandle) -> None:
        element.focus()
        element.press("ArrowDown")
        self.changes()

    def _bar(self, control: Control, element: ElementHandle) -> None:
        """Bars of probabilities: one can be reached by Tab, and tells all of its own."""
        element.focus()
        self.changes()
        element.evaluate("e => e.blur()")

    def _number(self, control: Control, element: ElementHandle) -> None:
        value, step, most = element.evaluate("e => [Number(e.value), Number(e.step) || 1, e.max === '' ? 1e9 : +e.max]")
        element.fill(f"{value + step if value + step <= most else value - step:.12g}")
        element.press("Enter")
        self.changes()

    def _text(self, control: Control, element: ElementHandle) -> None:
        element.fill(next((text for pattern, text in self.texts.items() if re.search(pattern, control.id)), "1"))
        element.press("Enter")
        self.changes()

    def _list(self, control: Control, element: ElementHandle) -> None:
        element.select_option(index=element.evaluate("e => (e.selectedIndex + 1) % e.options.length"))
        self.changes()

    def _open(self, element: ElementHandle) -> Any:
        """The options of a select, with the list opened. A page that scrolls closes it again: then once more."""
        from playwright.sync_api import TimeoutError

        element.scroll_into_view_if_needed()
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        listbox = self.page.get_by_role("listbox").first
        for _ in range(TRIES):
            element.click()
            with contextlib.suppress(TimeoutError):
                listbox.wait_for(timeout=CHANGE_MS / TRIES)
                break
        listbox.wait_for()
        return self.page.locator("[role=option]:not([aria-selected=true]):not([aria-disabled=true])")

    def _select(self, control: Control, element: ElementHandle) -> None:
        options = self._open(element)
        if not options.count():  # one is all there is
            self.page.keyboard.press("Escape")
            return
        options.first.click()
        self.changes()

    def _multiselect(self, control: Control, element: ElementHandle) -> None:
        options = self._open(element).filter(has_not_text=re.compile("^Select all"))
        if options.count():
            options.first.click()
        else:  # as many as can be
            self.page.keyboard.press("Backspace")
        self.changes()
        self.page.keyboard.press("Escape")
        self.page.get_by_role("listbox").first.wait_for(state="detached")

    def _upload(self, control: Control, element: ElementHandle) -> None:
        file = self.files[control.key]
        content = self.downloads[file] if isinstance(file, str) else file
        element.set_input_files({"name": "made.zip", "mimeType": "application/zip", "buffer": content})
        self.changes()

    def _chart(self, control: Control, element: ElementHandle) -> None:
        """Point at it until it says something of what is there."""
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        assert box is not None
        said = self.page.locator(".hoverlayer text")
        for down in (0.5, 0.3, 0.7, 0.85, 0.15):
            for across in range(10, 100, 8):
                self.page.mouse.move(box["x"] + box["width"] * across / 100, box["y"] + box["height"] * down)
                if said.count():
                    self.page.mouse.move(1, 1)
                    return
        raise AssertionError("says nothing wherever it is pointed at")

    def _table(self, control: Control, element: ElementHandle) -> None:
        """Choose a row; in one without checkboxes a cell."""
        element.scroll_into_view_if_needed()
        count = "e => e.querySelector('table')?.getAttribute('aria-rowcount')"  # made once the browser is idle
        rows = self.page.wait_for_function(count, arg=element, timeout=CHANGE_MS).json_value()
        row = 1 if int(rows) > 2 else 0  # with that of the headings
        before = element.evaluate("e => e.toDataURL()")
        box = element.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + 18, box["y"] + ROW * (row + 1) + ROW // 2)
        self.page.wait_for_function(
            "([canvas, before]) => !canvas.isConnected || visitor.changed() || canvas.toDataURL() !== before",
            arg=[element, before], timeout=CHANGE_MS,
        )  # fmt: skip


def prepared(page: Page) -> Page:
    """A page whose controls a :class:`Visitor` can find, and read what they copy."""
    page.add_init_script(path=SCRIPT)
    page.set_default_timeout(CHANGE_MS)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page
