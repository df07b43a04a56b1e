"""What the rules promise, on a running company: every test has a customer of its own, business time only goes on."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

from simulator.story import seen_on
from tests.story.cast import MANAGER, REP, SECOND, Json
from tests.story.town import SHANGHAI, Town

# --- what she says in the chat --------------------------------------------------------------------------------------


def test_a_person_is_reached_at_once(town: Town) -> None:
    town.at_work()
    person = town.guest()
    town.enter(person)
    town.say(person, "人工")
    assert "会尽快亲自回复您" in town.chat(person)[-1]
    owner = re.findall(r"已通知(.+?)，", town.chat(person)[-1])[0]
    assert any("客户要求人工" in text or "asks for a person" in text for text in notices(town, owner))
    assert any("客户要求人工接待" in line for line in town.lines(person))


def notices(town: Town, rep: str) -> list[str]:
    return [seen_on(m) for m in town.told(rep)]


def test_she_unsubscribes_in_the_chat(town: Town) -> None:
    town.at_work()
    person = town.quiet_guest("先看看资料，谢谢")
    town.say(person, "退订")
    assert "已为您退订" in town.chat(person)[-1]
    town.push(days=9)
    assert not town.offers(town.thread(person), "wake_now")
    assert town.box(person) == []


def test_closed_times_get_one_honest_answer(town: Town) -> None:
    town.at_work()
    person = town.guest()
    evening = town.now.astimezone(SHANGHAI).replace(hour=21, minute=0)
    town.until(evening.isoformat())
    town.enter(person)
    town.say(person, "晚上有人吗？")
    [told] = [text for text in town.chat(person) if "非工作时间" in text]
    assert "09:00" in told or "9:00" in told
    town.say(person, "那我明天再问")
    assert len([text for text in town.chat(person) if "非工作时间" in text]) == 1
    town.at_work()


def test_the_sixth_message_is_refused_on_the_card_and_never_sent(town: Town) -> None:
    town.at_work()
    words = "五条消息够不够"
    person = town.guest()
    town.talk(person, words)
    for number in range(5):
        answer = town.press(REP, town.thread(words)["root"], "reply", text=f"第 {number} 条")
        assert answer["statusCode"] == 200
    answer = town.press(REP, town.thread(words)["root"], "reply", text="第六条")
    assert "没有发送" in answer["value"]
    assert "第六条" not in "".join(town.chat(person))
    assert not [e for e in town.log("refused") if e["place"] == "wecom"], "the platform was not even asked"
    assert "已关闭" in town.card(words) or "不能再发" in town.card(words)


# --- reps -----------------------------------------------------------------------------------------------------------


def test_the_second_to_claim_is_told_who_was_first(town: Town) -> None:
    town.at_work()
    words = "谁先认领我"
    person = town.guest()
    town.enter(person)
    town.say(person, words)
    root = town.thread(words)["root"]["id"]
    with ThreadPoolExecutor() as both:
        wishes = [{"rep": rep, "activity_id": root, "verb": "claim", "inputs": {}} for rep in (REP, SECOND)]
        answers = [a["body"] for a in both.map(lambda wish: town.made.ask("/control/teams/card", wish), wishes)]
    [(loser, told)] = [(n, a) for n, a in enumerate(answers) if a["type"].endswith("message")]
    winner = (SECOND, REP)[loser]
    assert winner in told["value"] and "已认领" in told["value"]
    town.settle()
    assert winner in town.card(words)


def test_commands_in_a_thread(town: Town) -> None:
    town.at_work()
    words = "命令测试客户的话"
    thread = town.talk(town.guest(), words)
    town.type(REP, thread, "note 客户周五出差")
    assert any("客户周五出差" in line for line in town.lines(words))
    town.type(REP, thread, "tag 重点客户")
    assert "重点客户" in town.card(words)
    town.type(REP, thread, "why")
    assert any("频道" in line or "没有更合适" in line for line in town.lines(words)[-2:])
    town.type(REP, thread, "help")
    assert any("我听得懂" in line for line in town.lines(words))
    town.type(REP, thread, "这句话不是命令")
    assert town.offers(town.thread(words), "send_to_customer")
    town.type(REP, thread, "close")
    assert "已关闭" in town.card(words)


def test_commands_to_the_bot_alone(town: Town) -> None:
    town.at_work()
    words = "排队中的客户"
    person = town.guest()
    town.enter(person)
    town.say(person, words)
    for command, shown in (("queue", person), (f"find {person}", person), ("help", "我听得懂")):
        before = len(notices(town, REP))
        town.tell_bot(REP, command)
        [told] = notices(town, REP)[before:]
        assert shown in told, command
    town.press(REP, town.thread(words)["root"], "claim")
    town.tell_bot(REP, "me")
    assert person in notices(town, REP)[-1]


# --- contacts -------------------------------------------------------------------------------------------------------


def test_a_live_code_of_a_colleague_tags_the_source_and_greets(town: Town) -> None:
    town.at_work()
    person = town.guest()
    town.made.ask("/control/wecom/add", {"person": person, "userid": "chenlei", "state": "expo-smart-factory"})
    town.settle()
    relations = town.made.ask("/control/wecom/contacts?userid=chenlei")["contacts"]
    [mine] = [r for r in relations if r["person"] == person]
    assert any("欢迎咨询" in str(line) for line in mine["lines"])
    town.tell_bot(REP, f"find {person}")
    assert person in notices(town, REP)[-1]
    town.enter(person, "website")
    town.say(person, "我加了你们同事")
    card = town.card("我加了你们同事")
    assert "展会" in card and "制造业" in card and REP in card


# --- going quiet ----------------------------------------------------------------------------------------------------


def test_a_word_on_another_channel_cancels_the_wake_up(town: Town) -> None:
    town.at_work()
    words = "回头再联系你们"
    person = town.quiet_guest(words)
    town.preview(words)
    town.say(person, "我又有一个问题")
    assert any("唤醒邮件已取消" in line for line in town.lines(words))
    assert not town.offers(town.thread(words), "wake_now")
    town.push(days=2)
    assert town.box(person) == []


def test_send_now_sends_now(town: Town) -> None:
    town.at_work()
    words = "需要内部讨论一下"
    person = town.quiet_guest(words)
    line = town.preview(words)
    town.press(REP, line, "wake_now")
    assert len(town.box(person)) == 1
    town.push(days=3)
    assert len(town.box(person)) == 1


def test_hold_holds_and_asks_once_more(town: Town) -> None:
    town.at_work()
    words = "下个月预算下来再说"
    person = town.quiet_guest(words)
    town.press(REP, town.preview(words), "wake_hold")
    town.push(days=6)
    assert town.box(person) == [] and not town.offers(town.thread(words), "wake_now")
    town.push(days=1, hours=1)
    again = town.offers(town.thread(words), "wake_now")
    assert len(again) == 1
    town.press(REP, again[0], "wake_hold")
    town.push(days=9)
    assert town.box(person) == [] and not town.offers(town.thread(words), "wake_now")


def test_i_write_myself_opens_a_task(town: Town) -> None:
    town.at_work()
    words = "等领导批示"
    person = town.quiet_guest(words)
    town.press(REP, town.preview(words), "wake_mine")
    assert "亲自联系这位安静的客户" in town.card(words)
    town.push(days=3)
    assert town.box(person) == []


def test_nothing_goes_by_itself_while_paused(town: Town) -> None:
    town.at_work()
    words = "暂停期间安静的客户"
    person = town.quiet_guest(words)
    town.preview(words)
    town.tell_bot(MANAGER, "pause")
    town.push(days=2)
    assert town.box(person) == []
    greeted = town.guest()
    town.enter(greeted)
    assert town.chat(greeted) == []
    town.tell_bot(MANAGER, "resume")
    town.tell_bot(REP, "pause")
    assert "只有经理" in notices(town, REP)[-1]


# --- mail -----------------------------------------------------------------------------------------------------------


def awake(town: Town, words: str) -> tuple[str, Json]:
    """A customer who got her wake-up mail; her and the mail."""
    town.at_work()
    person = town.quiet_guest(words)
    town.press(REP, town.preview(words), "wake_now")
    [mail] = town.box(person)
    return person, mail


def score(town: Town, words: str) -> str:
    """What the head of the card says; the reasons further down tell it again."""
    shown = re.search(r"评分 ?(\d+)", town.card(words))
    assert shown, town.card(words)
    return shown[1]


def test_machines_that_open_every_link_change_nothing(town: Town) -> None:
    words = "扫描器测试客户"
    _, mail = awake(town, words)
    before, said = score(town, words), town.lines(words)
    town.mail("scan", id=mail["id"])
    town.mail("prefetch", id=mail["id"])
    assert score(town, words) == before and town.lines(words) == said
    assert "已退订" not in town.card(words)
    clicks_as_a_person(town, words, mail)
    assert int(score(town, words)) > int(before), "a person's click counts all the same"


def clicks_as_a_person(town: Town, words: str, mail: Json) -> None:
    """She clicks. Clicks within two seconds of a scanner's, on the wall clock, count as the scanner's."""
    end = time.monotonic() + 20
    before = score(town, words)
    while score(town, words) == before and time.monotonic() < end:
        town.mail("click", id=mail["id"], index=0)


def test_an_automatic_answer_is_no_touch(town: Town) -> None:
    words = "自动回复测试客户"
    _, mail = awake(town, words)
    before = score(town, words)
    town.mail("reply", id=mail["id"], text="我正在休假", auto=True)
    assert any("收到自动回复邮件" in line for line in town.lines(words))
    assert score(town, words) == before
    assert not any("我正在休假" in line for line in town.lines(words))


def test_forged_mail_is_parked(town: Town) -> None:
    words = "伪造邮件测试客户"
    _, mail = awake(town, words)
    before = score(town, words)
    town.mail("reply", id=mail["id"], text="请把款打到新账户", forged=True)
    assert any("未能验证发件人" in line for line in town.lines(words))
    assert not any("请把款打到新账户" in line for line in town.lines(words))
    assert score(town, words) == before


def test_a_hard_bounce_ends_mail_to_her(town: Town) -> None:
    words = "退信测试客户"
    _, mail = awake(town, words)
    town.mail("bounce", id=mail["id"], status="5.1.1")
    assert any("邮件退回" in line for line in town.lines(words))
    assert "退信" in town.card(words) or "地址无效" in town.card(words) or "退回" in town.card(words)


def test_an_address_that_nobody_has_gets_no_mail_ever_again(town: Town) -> None:
    town.at_work()
    words = "邮箱写错的客户"
    person = town.guest()
    town.talk(person, words)
    town.consent(person, words, "nobody.at.all@customer.example")
    town.press(REP, town.preview(words), "wake_now")
    assert any("该邮箱不存在或永久拒收" in line for line in town.lines(words))
    town.say(person, "怎么没收到资料")
    town.push(days=22)
    assert not town.offers(town.thread(words), "wake_now")
    assert len([e for e in town.log("mail_refused") if "nobody.at.all" in str(e)]) == 1


def test_an_answer_from_another_address_is_not_hers(town: Town) -> None:
    words = "转发邮件测试客户"
    _, mail = awake(town, words)
    before, colleague = score(town, words), town.guest()
    text = "我是她的同事，这件事由我来谈"
    town.mail("write", address=town.addresses[colleague], to=mail["headers"]["Reply-To"], subject="Re", text=text)
    [line] = [line for line in town.lines(words) if text in line]
    assert "***@customer.example" in line and "不是客户本人的邮箱" in line
    assert town.addresses[colleague] not in line
    assert score(town, words) == before


def test_links_of_a_mail_with_an_unclear_end_work(town: Town) -> None:
    town.at_work()
    words = "不明结果测试客户"
    person = town.quiet_guest(words)
    line = town.preview(words)
    town.made.ask("/control/faults", {"place": "mail.in", "kind": "lose_answer", "times": 1})
    town.press(REP, line, "wake_now")
    [mail] = town.box(person)
    assert clicked(town, mail) == "outside", "she can read before anybody has settled it"
    [notice] = [m for m in town.told(REP) if "settle_arrived" in str(m["cards"]) and "唤醒邮件" in seen_on(m)]
    town.press(REP, notice, "settle_arrived")
    assert clicked(town, mail) == "outside"
    town.push(days=2)
    assert len(town.box(person)) == 1, "never sent twice"


def clicked(town: Town, mail: Json) -> str:
    """Where the first link of a mail leads."""
    page = town.mail("click", id=mail["id"], index=0)
    return "outside" if page["outside"] else f"{page['status']} {page['url']}"


def test_one_click_unsubscribe_beats_a_queued_mail(town: Town) -> None:
    words = "一键退订测试客户"
    person, mail = awake(town, words)
    town.push(days=8)
    town.say(person, "还在考虑")
    town.mail("refuse", address=town.addresses[person], code=450)
    town.press(REP, town.preview(words), "wake_now")
    assert len(town.box(person)) == 1, "the second mail waits: her server asks to come back later"
    town.mail("unsubscribe", id=mail["id"])
    town.mail("refuse", address=town.addresses[person], code=250)
    town.push(days=2)
    assert len(town.box(person)) == 1
    assert any("退订了邮件" in line for line in town.lines(words))


def test_nobody_lost_a_word_all_the_while(town: Town) -> None:
    """Every sentence of a customer stands in a thread exactly once. Single words stand in other sentences too."""
    shown = [str(e["data"]["text"]) for e in town.log("shown") if e["data"]["toward"] == "team"]
    said = {str(e["data"]["text"]) for e in town.log("said") if e["data"]["toward"] == "team"}
    said -= {"退订", "人工", "unsubscribe"}
    assert len(said) > 12
    times = {text: sum(text in other for other in shown) for text in said}
    assert {text: n for text, n in times.items() if n != 1} == {}
