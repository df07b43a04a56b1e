"""The state of the simulated WeCom, kept in `world.rooms["wecom"]`, and how its parts are put together."""

from __future__ import annotations

from aiohttp import web

from simulator.wecom.appchat import AppChats
from simulator.wecom.callbacks import Callbacks
from simulator.wecom.company_api import CompanyApi
from simulator.wecom.contacts import Contacts
from simulator.wecom.contacts_api import ContactsApi
from simulator.wecom.contacts_control import ContactsControl
from simulator.wecom.gate import Gate
from simulator.wecom.kf import Kf
from simulator.wecom.kf_api import KfApi
from simulator.wecom.kf_control import KfControl
from simulator.wecom.limits import Limits
from simulator.wecom.media import MediaStore
from simulator.wecom.menus import Menus
from simulator.wecom.notices import Notices
from simulator.wecom.oauth import OAuth
from simulator.wecom.pages import RepPages
from simulator.wecom.rep_control import RepControl
from simulator.wecom.switches import Switches
from simulator.wecom.tags_api import TagsApi
from simulator.wecom.tickets import Tickets
from simulator.wecom.tokens import Tokens
from simulator.world import World


class Room:
    """Everything WeCom knows."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.limits = Limits()
        self.tokens = Tokens(world, self.limits)
        self.gate = Gate(world, self.limits, self.tokens)
        self.callbacks = Callbacks(world, self.limits)
        self.media = MediaStore(world, self.limits)
        self.kf = Kf(world=world, limits=self.limits, callbacks=self.callbacks)
        self.contacts = Contacts(world=world, limits=self.limits, callbacks=self.callbacks)
        self.notices = Notices(world=world, limits=self.limits)
        self.oauth = OAuth(world, self.limits)
        self.tickets = Tickets(world, self.limits)
        self.appchats = AppChats(world)
        self.menus = Menus(world)
        self.company = CompanyApi(world)

    def routes(self) -> list[web.RouteDef]:
        """The API, the pages and the control calls."""
        return [
            *self._api(),
            *self.oauth.routes(),
            *self.tickets.routes(),
            *self.media.routes(),
            *self.appchats.routes(),
            *self.company.routes(),
            *KfControl(self.kf, self.media).routes(),
            *ContactsControl(self.contacts).routes(),
            *RepControl(self.world, self.notices, self.callbacks).routes(),
            *RepPages(self.world, self.oauth).routes(),
            *Switches(self.limits, self.tokens, self.gate, self.callbacks).routes(),
        ]

    def _api(self) -> list[web.RouteDef]:
        parts = (
            KfApi(self.kf, self.media), ContactsApi(self.contacts), TagsApi(self.contacts), self.company,
            self.notices, self.appchats, self.oauth, self.tickets, self.menus,
        )  # fmt: skip
        api = [
            self.gate.free("/gettoken", self.tokens.gettoken),
            *self.gate.raw("/media/upload", self.media.upload),
            *self.gate.raw("/media/get", self.media.get),
        ]
        for part in parts:
            for path, handler in part.paths().items():
                api += self.gate.guarded(path, handler)
        return api
