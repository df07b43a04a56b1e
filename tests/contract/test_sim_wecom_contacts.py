"""The simulated WeCom obeys the platform's rules: customer contact, welcomes, tags, live codes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest

from tests.contract.wecom_world import Json, Wecom, wecom_world


@pytest.fixture
async def wecom() -> AsyncIterator[Wecom]:
    async with wecom_world() as world:
        yield world


async def welcome(wecom: Wecom, code: object) -> object:
    body: Json = {"welcome_code": code, "text": {"content": "您好"}}
    return (await wecom.api("/externalcontact/send_welcome_msg", body))["errcode"]


async def test_adding_is_told_once_with_state_and_welcome_code(wecom: Wecom) -> None:
    assert (await wecom.control("/add", person="王敏", userid="LiLei", state="q7Kd2"))["added"] is True
    event = await wecom.hub.next()
    assert (event["Event"], event["ChangeType"]) == ("change_external_contact", "add_external_contact")
    assert (event["UserID"], event["ExternalUserID"], event["State"]) == ("LiLei", "wm-9", "q7Kd2")
    assert (await wecom.control("/add", person="王敏", userid="LiLei", state="other"))["added"] is False
    await wecom.control("/limits", limits={"racing_welcomes": 1})
    assert await welcome(wecom, event["WelcomeCode"]) == 41096
    assert await welcome(wecom, event["WelcomeCode"]) == 0
    assert await welcome(wecom, event["WelcomeCode"]) == 41051
    shown = (await wecom.logged("shown"))[0]
    assert (shown["toward"], shown["to"]) == ("customer", "王敏")
    await wecom.control("/add", person="Ann", userid="LiLei", state="x" * 31, status=400)
    await wecom.control("/add", person="Ann", userid="LiLei")
    second = await wecom.hub.next()
    assert "State" not in second
    await wecom.pass_time(seconds=21)
    assert await welcome(wecom, second["WelcomeCode"]) == 41050
    assert await welcome(wecom, "made-up") == 41050


async def test_relations_are_read_paged_and_end(wecom: Wecom) -> None:
    assert (await wecom.api("/externalcontact/get", external_userid="wm-9"))["errcode"] == 84061
    await wecom.control("/add", person="王敏", userid="LiLei", state="a")
    await wecom.control("/add", person="王敏", userid="HanMei", state="b")
    await wecom.control("/limits", limits={"follow_page": 1})
    page = await wecom.api("/externalcontact/get", external_userid="wm-9")
    assert cast("Json", page["external_contact"])["unionid"] == "u9"
    rest = await wecom.api("/externalcontact/get", external_userid="wm-9", cursor=str(page["next_cursor"]))
    follow = [cast("list[Json]", p["follow_user"])[0] for p in (page, rest)]
    assert [(f["userid"], f["state"]) for f in follow] == [("LiLei", "a"), ("HanMei", "b")]
    assert "next_cursor" not in rest
    assert (await wecom.api("/externalcontact/list", userid="LiLei"))["external_userid"] == ["wm-9"]
    batch = await wecom.api("/externalcontact/batch/get_by_user", {"userid_list": ["LiLei", "HanMei"], "limit": 1})
    assert len(cast("list[Json]", batch["external_contact_list"])) == 1
    assert batch["next_cursor"] == "f1"
    await wecom.control("/remove", person="王敏", userid="LiLei")
    kinds = {str((await wecom.hub.next())["ChangeType"]) for _ in range(3)}
    assert kinds == {"add_external_contact", "del_follow_user"}
    assert (await wecom.api("/externalcontact/list", userid="LiLei"))["errcode"] == 84061


async def test_changes_by_api_are_not_told_but_those_in_the_client_are(wecom: Wecom) -> None:
    await wecom.control("/add", person="王敏", userid="LiLei")
    await wecom.hub.next()
    group: Json = {"group_name": "行业", "tag": [{"name": "制造业"}, {"name": "零售"}]}
    made = cast("Json", (await wecom.api("/externalcontact/add_corp_tag", group))["tag_group"])
    tag = cast("list[Json]", made["tag"])[0]["id"]
    assert (await wecom.api("/externalcontact/add_corp_tag", group))["errcode"] == 40071
    who: Json = {"userid": "LiLei", "external_userid": "wm-9"}
    assert (await wecom.api("/externalcontact/mark_tag", {**who, "add_tag": [tag]}))["errcode"] == 0
    assert (await wecom.api("/externalcontact/mark_tag", {**who, "add_tag": ["et0"]}))["errcode"] == 40068
    assert (await wecom.api("/externalcontact/remark", {**who, "remark": "CIO"}))["errcode"] == 0
    stranger: Json = {**who, "userid": "HanMei", "add_tag": [tag]}
    assert (await wecom.api("/externalcontact/mark_tag", stranger))["errcode"] == 84061
    await wecom.control("/tag", person="王敏", userid="LiLei", add=["零售"])
    assert (await wecom.hub.next())["ChangeType"] == "edit_external_contact"
    assert wecom.hub.got.empty()
    told = await wecom.api("/externalcontact/get", external_userid="wm-9")
    follow = cast("list[Json]", told["follow_user"])[0]
    assert follow["remark"] == "CIO"
    assert {t["tag_name"] for t in cast("list[Json]", follow["tags"])} == {"制造业", "零售"}
    listed = await wecom.api("/externalcontact/get_corp_tag_list")
    assert len(cast("list[Json]", listed["tag_group"])) == 1
    assert (await wecom.api("/externalcontact/edit_corp_tag", {"id": tag, "name": "工厂"}))["errcode"] == 0
    assert (await wecom.api("/externalcontact/del_corp_tag", {"tag_id": [tag]}))["errcode"] == 0
    contacts = cast("list[Json]", (await wecom.look("/contacts", userid="LiLei"))["contacts"])
    assert contacts[0]["tags"] == ["零售"]


async def test_a_live_code_has_a_state_of_at_most_30_letters(wecom: Wecom) -> None:
    way: Json = {"type": 1, "scene": 2, "state": "s" * 30, "user": ["LiLei"]}
    made = await wecom.api("/externalcontact/add_contact_way", way)
    assert (made["errcode"], str(made["qr_code"]).startswith("http")) == (0, True)
    assert (await wecom.api("/externalcontact/add_contact_way", {**way, "state": "s" * 31}))["errcode"] == 40058
    assert (await wecom.api("/externalcontact/add_contact_way", {**way, "user": ["nobody"]}))["errcode"] == 40003
    config: Json = {"config_id": made["config_id"]}
    assert (await wecom.api("/externalcontact/update_contact_way", {**config, "user": ["HanMei"]}))["errcode"] == 0
    kept = cast("Json", (await wecom.api("/externalcontact/get_contact_way", config))["contact_way"])
    assert (kept["user"], kept["state"]) == (["HanMei"], "s" * 30)
    assert (await wecom.api("/externalcontact/del_contact_way", config))["errcode"] == 0
    assert (await wecom.api("/externalcontact/get_contact_way", config))["errcode"] == 41044
