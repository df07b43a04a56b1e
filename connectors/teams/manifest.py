"""The app package that is uploaded to Teams: manifest, two icons, Chinese texts. `write` makes the zip.

The models are our own reduced schema of the Teams app manifest (level 1.17): what they let through, Teams takes.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from connectors.teams import icons
from connectors.teams.settings import Settings

LEVEL = "1.17"
SCHEMA = f"https://developer.microsoft.com/en-us/json-schemas/teams/v{LEVEL}/MicrosoftTeams.schema.json"
SAVE_NOTE = "save_note"
"""Id of the command that keeps a message as a note."""
RSC_RESOURCE = "https://RscBasedStoreApp"
"""Some text must stand in webApplicationInfo.resource when an app reads channel messages; it is not used."""
TAB_PATH = "/sidebar/tab"
Short = Annotated[str, Field(min_length=1, max_length=30)]
Url = Annotated[str, Field(pattern=r"^https?://", max_length=2048)]
Scope = Literal["personal", "team", "groupChat"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True)


class Developer(_Part):
    """Who made the app."""

    name: Annotated[str, Field(min_length=1, max_length=32)]
    website_url: Url
    privacy_url: Url
    terms_of_use_url: Url


class Name(_Part):
    """The app's name."""

    short: Short
    full: Annotated[str, Field(min_length=1, max_length=100)]


class Description(_Part):
    """What the app does."""

    short: Annotated[str, Field(min_length=1, max_length=80)]
    full: Annotated[str, Field(min_length=1, max_length=4000)]


class Icons(_Part):
    """Files of the icons."""

    color: str = "color.png"
    outline: str = "outline.png"


class Command(_Part):
    """A command the client suggests."""

    title: Annotated[str, Field(max_length=32)]
    description: Annotated[str, Field(max_length=128)]


class CommandList(_Part):
    """Commands for some scopes; at most ten."""

    scopes: list[Scope]
    commands: Annotated[list[Command], Field(max_length=10)]


class Bot(_Part):
    """The bot."""

    bot_id: str
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    is_notification_only: bool = False
    supports_files: bool = False
    command_lists: Annotated[list[CommandList], Field(max_length=3)]


class Parameter(_Part):
    """What a search asks for."""

    name: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(max_length=32)]
    description: Annotated[str, Field(max_length=128)]
    input_type: Literal["text"] = "text"


class Search(_Part):
    """A search command of the message extension."""

    id: str
    type: Literal["query"] = "query"
    title: Annotated[str, Field(max_length=32)]
    description: Annotated[str, Field(max_length=128)]
    initial_run: bool = True
    parameters: Annotated[list[Parameter], Field(min_length=1, max_length=5)]


class MessageAction(_Part):
    """A command on a message of any chat, which opens a dialog."""

    id: str
    type: Literal["action"] = "action"
    title: Annotated[str, Field(max_length=32)]
    description: Annotated[str, Field(max_length=128)]
    context: list[Literal["message"]] = ["message"]
    fetch_task: bool = True


class Extension(_Part):
    """The message extension."""

    bot_id: str
    commands: Annotated[list[Search | MessageAction], Field(max_length=10)]


TabPlace = Literal["personalTab", "privateChatTab", "meetingChatTab", "meetingDetailsTab", "meetingSidePanel"]
"""Where a tab may be opened (app manifest schema, staticTabs.context)."""
TAB_PLACES: tuple[TabPlace, ...] = ("personalTab", "privateChatTab", "meetingChatTab", "meetingSidePanel")


class Tab(_Part):
    """A tab in the app's personal area, in chats, and beside a meeting."""

    entity_id: str
    name: Annotated[str, Field(max_length=128)]
    content_url: Annotated[str, Field(pattern=r"^https://", max_length=2048)]
    website_url: Annotated[str, Field(pattern=r"^https://", max_length=2048)]
    scopes: list[Scope]
    context: list[TabPlace]


class WebApplication(_Part):
    """The Entra registration behind the app."""

    id: str
    resource: str


class Permission(_Part):
    """A resource-specific permission that a team's owner grants by installing the app."""

    name: str
    type: Literal["Application", "Delegated"] = "Application"


class Permissions(_Part):
    """All of them."""

    resource_specific: Annotated[list[Permission], Field(max_length=16)]


class Authorization(_Part):
    """What the app may read in a team."""

    permissions: Permissions


class Language(_Part):
    """Texts in another language."""

    language_tag: str
    file: str


class Localization(_Part):
    """The languages of the package."""

    default_language_tag: str = "en"
    additional_languages: list[Language]


class Manifest(_Part):
    """The whole manifest."""

    schema_: Annotated[str, Field(alias="$schema")] = SCHEMA
    manifest_version: str = LEVEL
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    id: str
    developer: Developer
    name: Name
    description: Description
    icons: Icons = Icons()
    accent_color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#1F4E79"
    bots: Annotated[list[Bot], Field(max_length=1)]
    compose_extensions: Annotated[list[Extension], Field(max_length=1)]
    static_tabs: Annotated[list[Tab], Field(max_length=16)] | None = None
    permissions: list[Literal["identity", "messageTeamMembers"]]
    valid_domains: Annotated[list[str], Field(max_length=100)]
    web_application_info: WebApplication
    authorization: Authorization
    localization_info: Localization
    default_install_scope: Scope = "team"


COMMANDS = (
    ("help", "What you can say to me · 我能做什么"),
    ("queue", "Customers nobody has claimed · 待认领的客户"),
    ("me", "Your customers · 你的客户"),
    ("find", "Find a customer by name · 按姓名查找客户"),
    ("claim", "Take this conversation · 认领本会话"),
    ("note", "Write an internal note · 内部备注"),
    ("snooze", "Put aside for some hours: snooze 2 · 稍后处理"),
    ("tag", "Put a tag on this customer: tag VIP · 加标签"),
    ("why", "Why this landed here · 为什么在这里"),
    ("settings", "Language, quiet hours, digest, notices · 我的设置"),
)
CHINESE = {
    "name.short": "塔台",
    "name.full": "塔台：客户会话中枢",
    "description.short": "客户从微信、网站或邮件来，你在 Teams 里回复。",
    "description.full": "塔台把每一位客户的会话送到对应的团队频道，写明原因；你在卡片上认领并回复，"
    "客户在原来的地方看到答复。为此它读取所在团队的频道消息，用来记录内部备注。",
}


def consents(settings: Settings) -> tuple[str, ...]:
    """What a team's owner grants by installing the app (resource-specific consent): to hear the channels, to make and
    list them, to know who is in the team, and to see which of these were granted."""
    hears = () if settings.mention_only else ("ChannelMessage.Read.Group",)
    rest = ("ChannelSettings.Read.Group", "Channel.Create.Group", "TeamMember.Read.Group")
    return (*hears, *rest, "TeamsAppInstallation.Read.Group")


def manifest(settings: Settings, public_url: str, version: str = "1.0.0") -> Manifest:
    """The manifest of this installation. Raises pydantic.ValidationError when a setting does not fit."""
    base = public_url.rstrip("/")
    names = consents(settings)
    resource = next((a for a in settings.tab_audience if a.startswith("api://")), RSC_RESOURCE)
    return Manifest(
        version=version,
        id=settings.app_id,
        developer=Developer(name="Tower", website_url=base, privacy_url=f"{base}/", terms_of_use_url=f"{base}/"),
        name=Name(short=settings.bot_name[:30], full=f"{settings.bot_name}: customer conversations"[:100]),
        description=_description(),
        bots=[_bot(settings)],
        compose_extensions=[_extension(settings)],
        static_tabs=_tabs(settings, base),
        permissions=["identity", "messageTeamMembers"],
        valid_domains=[urlsplit(base).netloc],
        web_application_info=WebApplication(id=settings.app_id, resource=resource),
        authorization=Authorization(permissions=Permissions(resource_specific=[Permission(name=n) for n in names])),
        localization_info=Localization(additional_languages=[Language(language_tag="zh-cn", file="zh-cn.json")]),
    )


def _description() -> Description:
    return Description(
        short="Customers write where they are; you answer from Teams.",
        full="Tower brings each customer's conversation to the channel of her segment, and says why. "
        "Claim it on the card and answer from there; she reads the answer where she wrote. "
        "To keep internal notes it reads the channel messages of the teams it is installed in.",
    )


def _bot(settings: Settings) -> Bot:
    commands = [Command(title=title, description=text) for title, text in COMMANDS]
    lists = [CommandList(scopes=["team", "groupChat", "personal"], commands=commands)]
    return Bot(bot_id=settings.app_id, scopes=["personal", "team", "groupChat"], command_lists=lists)


def _extension(settings: Settings) -> Extension:
    asked = Parameter(name="query", title="Customer · 客户", description="Name or company · 姓名或公司")
    search = Search(
        id="find",
        title="Find a customer · 查找客户",
        description="Put a customer's card into the chat · 把客户卡片放进聊天",
        parameters=[asked],
    )
    save = MessageAction(
        id=SAVE_NOTE,
        title="Save as note · 存为客户备注",
        description="Keep this message as a note about a customer · 把这条消息记到客户名下",
    )
    return Extension(bot_id=settings.app_id, commands=[search, save])


def _tabs(settings: Settings, base: str) -> list[Tab] | None:
    """The one page of ours, wherever Teams has room for it, once single sign-on is set up: framed over HTTPS only.

    Doubtful: a tenant may offer the side panel in meetings only after the app was added to that meeting's chat.
    """
    if not settings.tab_audience or not base.startswith("https://"):
        return None
    page = f"{base}{TAB_PATH}"
    scopes: list[Scope] = ["personal", "groupChat"]
    return [
        Tab(
            entity_id="tower",
            name="Tower",
            content_url=page,
            website_url=page,
            scopes=scopes,
            context=list(TAB_PLACES),
        )
    ]


def write(path: Path, settings: Settings, public_url: str, version: str = "1.0.0") -> None:
    """Write the package. The same settings give the same bytes."""
    made = manifest(settings, public_url, version)
    files = {
        "manifest.json": made.model_dump_json(by_alias=True, exclude_none=True, indent=2).encode(),
        "zh-cn.json": orjson.dumps(_chinese(), option=orjson.OPT_INDENT_2),
        made.icons.color: icons.colour(),
        made.icons.outline: icons.outline(),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            package.writestr(zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def _chinese() -> dict[str, str]:
    schema = SCHEMA.replace("MicrosoftTeams.schema", "MicrosoftTeams.Localization.schema")
    return {"$schema": schema, **CHINESE}
