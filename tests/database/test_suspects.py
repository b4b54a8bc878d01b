from datetime import timedelta
import pytest
from dataclasses import replace
from databases import Desk, together
from founding import *
from sqlalchemy import text, select
from campaigns import ledger, queue, receipts, reports, dnc, binding
from campaigns.ledger import Told, Heard, Closing
from campaigns.models import Change
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import *
from dialer import placing, reconciling
from dialer.reconciling import Evidence
from dialer.gateways import Record, Placed
from dialer.database import CLOCK
from dialer.settling import settle
from .test_settling import scene, body, hear, LATER, TIMING, outcomes, place
from .test_races import floor

def at(now, work, *a):
    def run(conn):
        conn.execution_options(**{CLOCK: lambda: now})
        return work(conn, *a)
    return run

H=Fact(FactKind.HANGUP, START, call_id="V", hotline="19001919", duration=12, billsec=2)
C=Fact(FactKind.CDR, START, call_id="V", hotline="19001919", disposition=Outcome.ANSWERED)
R=Fact(FactKind.RINGING, START, call_id="V", hotline="19001919")

def test_b11_record_corrects_talk_time(database):
    of = database.run(scene, Mode.AUTOCALL)
    rec=Fact(FactKind.RECORD, START, call_id="V", duration=12, billsec=3, disposition=Outcome.ANSWERED, ended_at=START, confirms=True)
    a=database.run(scene, Mode.AUTOCALL)
    for s,order in ((of,[H,C,rec]),(a,[rec,H,C])):
        for f in order: database.run(hear, s, [(0,f)])
    (x,)=database.run(customers, of.of.tenant_id).values()
    (y,)=database.run(customers, a.of.tenant_id).values()
    assert (x.status,x.reason)==(y.status,y.reason)

def test_b3_reopened_verdict_pending_is_not_called(database):
    of=database.run(company); one=database.run(campaign,of)
    database.run(debtors,of,one,1)
    def go(conn):
        conn.execution_options(**{CLOCK: lambda: START})
        ids,_=placing.choose(conn,TIMING,one,20,"t")
        placing.commit(conn,TIMING,one,ids,"t")
        (call,)=calls(conn,of.tenant_id)
        ledger.apply(conn,START,TIMING,[Told(call,Fact(FactKind.NOT_PLACED,START,reason=Reason.AGENT_BUSY))])
        ids,_=placing.choose(conn,TIMING,one,20,"t2")
        assert ids
        ledger.apply(conn,START,TIMING,[Told(call,replace(R))])
        placing.commit(conn,TIMING,one,ids,"t2")
        return calls(conn,of.tenant_id)
    assert len(database.run(go))==1

def test_b4_lower_max_recall(database):
    of=database.run(company); one=database.run(lambda c: campaign(c,of,max_recall_count=3,recall_delay=0))
    database.run(debtors,of,one,1)
    def go(conn):
        conn.execution_options(**{CLOCK: lambda: START})
        for n in range(2):
            ids,_=placing.choose(conn,TIMING,one,20,f"t{n}")
            placing.commit(conn,TIMING,one,ids,f"t{n}")
            call=max(calls(conn,of.tenant_id))
            ledger.apply(conn,START,TIMING,[Told(call,Fact(FactKind.RECORD,START,billsec=0,disposition=Outcome.BUSY,ended_at=START))])
        ledger.amend(conn,START,one,{"max_recall_count":0},"t")
        ids,_=placing.choose(conn,TIMING,one,20,"z")
        placing.commit(conn,TIMING,one,ids,"z")
        return calls(conn,of.tenant_id), customers(conn,of.tenant_id)
    c,k=database.run(go)
    assert len(c)==2, k

def test_b5_starved_by_account_without_reader(database):
    of=database.run(scene, Mode.AUTOCALL); gone=database.run(account, of.of)
    from campaigns.receipts import Delivery
    def st(conn): receipts.store(conn,[Delivery(gone.tenant_id,gone.account_id,b"%d"%i,START) for i in range(500)])
    database.run(st)
    assert sum(database.run(outcomes,of,[body(R,of.listed[0].phones[0],"V")]).values())==1

def test_b6_rebind_conflict(database):
    of=database.run(lambda c: scene(c,Mode.AUTOCALL,recall_delay=0,max_recall_count=5))
    first=of.call_ids[0]
    def go(conn):
        conn.execution_options(**{CLOCK: lambda: LATER})
        ledger.apply(conn,START,TIMING,[Told(first,Fact(FactKind.PLACED,START))])
        ledger.apply(conn,START,TIMING,[Told(first,Fact(FactKind.GIVEN_UP,START,reason=Reason.NO_EVIDENCE))])
    database.run(go)
    later=LATER+timedelta(hours=2)
    def again(conn, ref, now):
        conn.execution_options(**{CLOCK: lambda: now})
        ids,_=placing.choose(conn,TIMING,of.campaign,20,ref)
        h=placing.commit(conn,TIMING,of.campaign,ids,ref)
        (i,)=h.orders
        ledger.apply(conn,now,TIMING,[Told(i,Fact(FactKind.PLACED,now))])
        return i
    second=database.run(again,"two",later)
    # late hooks of the first
    b=[replace(R),replace(H,billsec=0),replace(C,disposition=Outcome.BUSY)]
    def hear2(conn):
        conn.execution_options(**{CLOCK: lambda: later})
        from campaigns.receipts import Delivery
        receipts.store(conn,[Delivery(of.of.tenant_id,of.of.account_id,body(f,of.listed[0].phones[0],"X"),later) for f in b])
        settle(conn,TIMING,of.reader)
    database.run(hear2)
    print(database.run(calls,of.of.tenant_id)[second].state)
    third=database.run(again,"three",later+timedelta(seconds=10))
    ref1=database.run(calls,of.of.tenant_id)[first].reference
    rec=Record("X",START,Outcome.BUSY,phone=of.listed[0].phones[0],customer_id=ref1,ended_at=later,duration=12,billsec=0)
    ev=Evidence({"X":rec},{ref1:rec},[])
    database.run(at(later+timedelta(seconds=60),reconciling.conclude,TIMING,[second],ev,of.reader[of.of.account_id]))
    for r in database.run(calls,of.of.tenant_id).values(): print(r.id,r.state,r.outcome,r.vendor_call_id)

def test_b8_hook_without_phone_first_in_batch(database):
    of=database.run(scene, Mode.AUTOCALL)
    import json
    raw=json.dumps({"call_id":"V","state":"hangup","duration":5,"billsec":0,"direction":"outbound"}).encode()
    from collections import Counter
    for i in range(6):
        of=database.run(scene, Mode.AUTOCALL)
        out=database.run(outcomes,of,[raw+b" "*i, body(R,of.listed[0].phones[0],"V")])
        assert out=={ReceiptOutcome.APPLIED:2}

def test_b9_placed_with_id_of_stranger(database):
    of=database.run(scene, Mode.CLICK2CALL)
    call=of.call_ids[0]
    def go(conn):
        conn.execution_options(**{CLOCK: lambda: START})
        # somebody dials the number by hand; its hook is bound to our call
        ph=of.listed[0].phones[0]
        from campaigns.receipts import Delivery
        receipts.store(conn,[Delivery(of.of.tenant_id,of.of.account_id,body(R,ph,"HAND"),START)])
        settle(conn,TIMING,of.reader)
        receipts.store(conn,[Delivery(of.of.tenant_id,of.of.account_id,body(R,ph,"OURS"),START)])
        settle(conn,TIMING,of.reader)
        ref=calls(conn,of.of.tenant_id)[call].reference
        placing.record(conn,TIMING,of.campaign,{ref:call},[Placed(ref,"OURS")])
    database.run(go)

def test_b12_reconsider_tells_status(database):
    of=database.run(company); one=database.run(campaign,of)
    (l,)=database.run(debtors,of,one,1)
    def go(conn):
        ledger.close(conn,START,of.tenant_id,[Closing(l.customer_id,Status.FAIL,Reason.NO_NUMBER)],"t")
        ledger.reconsider(conn,START,of.tenant_id,[l.customer_id],"t")
        c=columns_of(Change)
        return conn.execute(select(table(Change)).where(c.customer_id==l.customer_id).order_by(c.id.desc())).first(), customers(conn,of.tenant_id)
    ch,k=database.run(go)
    assert ch.after==k[l.customer_id].status

def test_b1_settling_not_blocked_by_claim(postgresql):
    of=postgresql.run(scene, Mode.AUTOCALL)
    gate=together(2)
    def claim(conn):
        queue.lock(conn,of.of.tenant_id,of.campaign.id); gate(); gate()
    def st(conn):
        gate()
        conn.execute(text("SET LOCAL lock_timeout='300ms'"))
        try: ledger.apply(conn,START,TIMING,[Told(of.call_ids[0],f) for f in (H,C)])
        finally: gate()
    postgresql.at_once(claim, st)
